"""HumanEval+ v0.1.10: HumanEval's 164 functions on about 80 times as many inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from evalkit.suite import option

from ..humaneval.protocols import DEFAULT, NAMES, protocols
from .plus import PlusSuite


@dataclass(frozen=True)
class Options:
    protocol: str = option(DEFAULT, "how the model is asked and its reply read", choices=NAMES)
    subset: str = option("full", "which inputs", choices=("full", "mini", "noextreme"))
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

    def nth(self, number: int) -> str:
        return f"HumanEval/{number}"
