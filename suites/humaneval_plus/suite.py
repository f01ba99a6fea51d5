"""HumanEval+ v0.1.10: HumanEval's 164 functions on about 80 times as many inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from evalkit.errors import DataError
from evalkit.suite import CommonOptions, option

from ..humaneval.protocols import DEFAULT, NAMES, protocols
from ..humaneval.scorers import scorer_option
from .hub import release_record
from .plus import PlusSuite


@dataclass(frozen=True)
class Options(CommonOptions):
    protocol: str = option(DEFAULT, "how the model is asked and its reply read", choices=NAMES)
    subset: str = option("full", "which inputs", choices=("full", "mini", "noextreme"))
    scorer: str = scorer_option("evalplus")
    min_time_limit: float = option(4.0, "seconds that every single call may take", part="verdict")
    gt_time_limit_factor: float = option(4.0, "times the reference's own time, if more", part="verdict")


class Suite(PlusSuite):
    Options = Options
    dataset = "humaneval"
    prefix = "HumanEval/"
    protocols = protocols(redefine=False)
    files: ClassVar = {
        "mini": "HumanEvalPlus-Mini-v0.1.10.jsonl",
        "noextreme": "HumanEvalPlus-NoExtreme-v0.1.10.jsonl",
    }

    def from_hub(self, record: Mapping[str, Any]) -> Mapping[str, Any]:
        missing = [name for name in ("entry_point", "canonical_solution", "test") if name not in record]
        if missing:
            raise DataError(f"{record['task_id']}: missing {', '.join(missing)}")
        return release_record(record, record["entry_point"], record["prompt"], record["canonical_solution"])

    def nth(self, number: int) -> str:
        return f"HumanEval/{number}"
