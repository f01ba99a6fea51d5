"""Every hostile case fools at least one naive scorer: else that evalkit holds would prove nothing."""

from __future__ import annotations

from typing import Any

import pytest

from evalkit.sandbox.image import find_image
from evalkit.selftest.cases import Case, cases, tasks
from tests.attacks.bites import bites, observed

pytestmark = pytest.mark.docker

QUICK = {
    "exit-finalizer",
    "object-any",
    "forged-marker-split",
    "value-pickle",
    "left-files",
    "read-working-folder",
}
HOSTILE = [case for case in cases() if case.hostile]
HONEST = {
    "steps": ("exit", "forked", "marker", "pipe", "file", "compare", "pickle", "json", "eval", "printed"),
    "middle": ("tolerance",),
    "total": ("timed", "alarm", "collecting", "dropping", "patient", "root"),
    "label": ("one-after-another", "side-by-side", "worker"),
    "tally": ("files", "words", "containing"),
}


@pytest.fixture(scope="module")
def image(docker_engine: Any) -> str:
    found = find_image(docker_engine)
    if found is None:
        pytest.fail("the judge's image is not in the engine: make setup")
    return str(found)


@pytest.mark.parametrize(
    "case", [pytest.param(c, marks=[] if c.id in QUICK else [pytest.mark.full], id=c.id) for c in HOSTILE]
)
def test_a_case_fools_every_scorer_that_it_names(docker_engine: Any, image: str, case: Case) -> None:
    assert case.fools
    for scorer in case.fools:
        seen = observed(docker_engine, image, case, scorer)
        assert bites(case, seen), (scorer, seen)


@pytest.mark.full
@pytest.mark.parametrize(("task", "scorer"), [(t, s) for t, scorers in HONEST.items() for s in scorers])
def test_naive_scorers_know_right_from_wrong(docker_engine: Any, image: str, task: str, scorer: str) -> None:
    """They are naive, not broken: plain right and wrong answers get their due."""
    of = tasks()[task]
    wrong = "print('?')" if of.kind == "stdio" else f"def {task}(x):\n    return [0.25]"
    for code, verdict in ((of.solution, "pass"), (wrong, "fail")):
        if (task, verdict, scorer) == ("middle", "fail", "tolerance"):
            code = "def middle(ns):\n    return 0.25"
        case = Case("plain", "", "", of, code, other=code, limit_s=5.0)
        assert observed(docker_engine, image, case, scorer) == {"observed": verdict, "survivors": 0}


def test_the_corpus_is_large_enough() -> None:
    assert len(HOSTILE) >= 60
    assert sum(not case.hostile for case in cases()) >= 15
    assert len({case.group for case in cases()}) >= 15
    assert len({case.id for case in cases()}) == len(cases())
