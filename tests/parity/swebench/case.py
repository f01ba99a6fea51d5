"""One case for a grader: what its verdict depends on."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """`log`: what the evaluation script printed. `patch`: the prediction's; only None matters to a grader."""

    source: str
    number: int
    row: Row
    log: bytes
    patch: str | None = "diff --git a/a b/a\n"

    @property
    def prediction(self) -> Row:
        return {"instance_id": self.row["instance_id"], "model_patch": self.patch, "model_name_or_path": "m"}

    @property
    def sha256(self) -> str:
        """Of all that the verdict depends on, 16 digits."""
        known = json.dumps([self.row, self.patch], sort_keys=True).encode()
        return hashlib.sha256(known + b"\0" + self.log).hexdigest()[:16]
