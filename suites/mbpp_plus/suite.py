"""MBPP+ v0.2.0: 378 tasks of MBPP on about 35 times as many inputs."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from evalkit.data import Data, load_data
from evalkit.errors import DataError
from evalkit.registry import open_suite
from evalkit.suite import CommonOptions, option
from evalkit.task import Task

from ..humaneval.scorers import scorer_option
from ..humaneval_plus.hub import release_record
from ..humaneval_plus.plus import JUDGE, PlusSuite
from ..mbpp.records import problem, shots
from .protocols import DEFAULT, NAMES, NEED_MBPP, PROTOCOLS


@dataclass(frozen=True)
class Options(CommonOptions):
    protocol: str = option(DEFAULT, "how the model is asked and its reply read", choices=NAMES)
    subset: str = option("full", "which inputs", choices=("full", "noextreme"))
    scorer: str = scorer_option("evalplus")
    min_time_limit: float = option(4.0, "seconds that every single call may take", part="verdict")
    gt_time_limit_factor: float = option(4.0, "times the reference's own time, if more", part="verdict")


class Suite(PlusSuite):
    Options = Options
    dataset = "mbpp"
    prefix = "Mbpp/"
    protocols = PROTOCOLS
    files: ClassVar = {"noextreme": "MbppPlus-NoExtreme-v0.2.0.jsonl"}
    judges = (JUDGE, Path(__file__).with_name("judge.py"))

    def other_data(self) -> Mapping[str, str]:
        if self.options.protocol not in NEED_MBPP:
            return {}
        return {f"mbpp {variant}": mbpp_data(variant).fingerprint for variant in ("sanitized", "full")}

    def tasks(self, records: Sequence[Mapping[str, Any]]) -> list[Task]:
        tasks = super().tasks(records)
        if self.options.protocol not in NEED_MBPP:
            return tasks
        originals = {f"Mbpp/{r['task_id']}": problem(r) for r in mbpp_data("sanitized").records}
        examples = shots(mbpp_data("full").records)
        return [
            dataclasses.replace(task, data={**task.data, "mbpp": originals.get(task.id), "shots": examples})
            for task in tasks
        ]

    def from_hub(self, record: Mapping[str, Any]) -> Mapping[str, Any]:
        missing = [name for name in ("code", "test_list", "test") if name not in record]
        if missing:
            raise DataError(f"{record['task_id']}: missing {', '.join(missing)}")
        known = problem(record)
        named = {**record, "task_id": f"Mbpp/{known['task_id']}"}
        return release_record(named, known["entry_point"], known["prompt"], known["code"])


def mbpp_data(variant: str) -> Data:
    """MBPP's own data, from EVALKIT_DATA or the hub: MBPP+ holds neither its text nor its asserts."""
    return load_data(open_suite("mbpp", {"variant": variant}))
