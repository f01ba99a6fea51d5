"""HumanEval+: arrays without items, which numpy finds close to anything that they stretch over."""

from __future__ import annotations

import pytest

from evalkit.program import ProgramSandbox
from evalkit.registry import open_suite
from evalkit.task import Answer

HALVES = {
    "task_id": "HumanEval/900",
    "prompt": "def halves(xs):\n    '''Half of each.'''\n",
    "entry_point": "halves",
    "canonical_solution": "    return [x / 2 for x in xs]\n",
    "base_input": [[[1, 2, 3]], [[4]]],
    "plus_input": [[[5, 7]]],
    "atol": 0,
    "test": "",
}
PROGRAMS = {
    "right": ("def halves(xs): return [x / 2 for x in xs]", True),
    "close": ("def halves(xs): return [x / 2 + 1e-9 for x in xs]", True),
    "arrays in a list": (
        "import numpy as np\ndef halves(xs): return [np.empty((0, len(xs)))] * len(xs)",
        False,
    ),
    "numbers of numpy": ("import numpy as np\ndef halves(xs): return list(np.array(xs) / 2 + 1e-9)", True),
}


@pytest.mark.docker
@pytest.mark.asyncio(loop_scope="session")
async def test_only_values_of_the_expected_shape_can_be_close(programs: ProgramSandbox) -> None:
    suite = open_suite("humaneval-plus")
    [task] = suite.tasks([HALVES])
    for name, (program, right) in PROGRAMS.items():
        verdict = await suite.score(task, Answer(program, "solution"), programs)
        assert (verdict.outcome == "passed") is right, (name, verdict.detail)
