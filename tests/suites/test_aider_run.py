"""Aider-Polyglot from end to end: a scripted model, real containers, and the statistics as scripted."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalkit.endpoint.process import running
from tests.run.command import ended, run, start

from .aider_command import aider, assert_told, expected, figures, left_behind, only, write_script
from .aider_replies import FORMATS
from .aider_stories import QUICK, Made, Story, Teller, own_stories, variant_stories, write_set
from .aider_variants import Variant, write_variant

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("polyglot_image")]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Variant]]:
    folder = tmp_path_factory.mktemp("polyglot")
    return folder, write_set(folder)


def told(data: tuple[Path, dict[str, Variant]], edit_format: str) -> list[Story]:
    teller = Teller(edit_format)
    return own_stories(teller) + variant_stories(teller, data[1])


@pytest.mark.full
def test_ten_exercises_in_two_tries(
    docker_engine: object, data: tuple[Path, dict[str, Variant]], tmp_path: Path
) -> None:
    stories = [story for story in told(data, "whole") if story.task in QUICK]
    with running(*write_script(tmp_path / "script.jsonl", stories)) as url:
        done = run(*aider(url, tmp_path / "results", data[0], *only(stories)))
    assert (done.code, done.summary["complete"]) == (0, True), done.stderr
    assert_told(done.summary["run"], stories)
    assert figures(done) == pytest.approx(expected(stories))
    assert (done.summary["statistics"]["pass_rate_1"], done.summary["statistics"]["pass_rate_2"]) == (20, 70)
    assert done.summary["statistics"]["percent_cases_well_formed"] == 90


@pytest.mark.full
@pytest.mark.parametrize("edit_format", FORMATS)
def test_thirty_exercises_in_each_edit_format(
    edit_format: str, docker_engine: object, data: tuple[Path, dict[str, Variant]], tmp_path: Path
) -> None:
    stories = told(data, edit_format)
    assert len(stories) == 30
    with running(*write_script(tmp_path / "script.jsonl", stories)) as url:
        words = aider(url, tmp_path / "results", data[0], "--edit-format", edit_format)
        done = ended(start(*words), timeout=1200)
    assert (done.code, done.summary["complete"]) == (0, True), done.stderr
    assert_told(done.summary["run"], stories)
    found = figures(done)
    assert found == pytest.approx(expected(stories))
    lazy = {"whole": 2, "diff": 4, "diff-fenced": 4, "udiff": 2}[edit_format]
    by_hand = {
        "pass_num_1": 12,
        "pass_num_2": 25,
        "num_malformed_responses": 7,
        "num_with_malformed_responses": 4,
        "error_outputs": 10,
        "user_asks": 6,
        "lazy_comments": lazy,
        "syntax_errors": 3,
        "indentation_errors": 3,
        "exhausted_context_windows": 3,
        "test_timeouts": 0,
    }
    assert {name: found[name] for name in by_hand} == by_hand
    assert f"{found['pass_rate_1']:.1f} {found['pass_rate_2']:.1f}" == "40.0 83.3"
    assert f"{found['percent_cases_well_formed']:.1f}" == "86.7"


@pytest.mark.full
def test_tests_that_do_not_end_are_ended_and_counted(docker_engine: object, tmp_path: Path) -> None:
    """And two more whose tests run meanwhile notice nothing."""
    teller, made = (
        Teller("whole"),
        [Made.variant(write_variant(tmp_path / "data", "python", n)) for n in range(1, 4)],
    )
    stories = [teller.endless(made[0]), teller.at_once(made[1]), teller.second_try(made[2])]
    with running(*write_script(tmp_path / "script.jsonl", stories)) as url:
        process = start(*aider(url, tmp_path / "results", tmp_path / "data"))
        done = ended(process, timeout=1200)
    assert (done.code, done.summary["complete"]) == (0, True), done.stderr
    assert_told(done.summary["run"], stories)
    assert figures(done) == pytest.approx(expected(stories))
    assert left_behind(docker_engine, process.pid) == []
