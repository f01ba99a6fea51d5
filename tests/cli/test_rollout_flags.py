"""Budgets of one rollout and models of other roles: from flags and keywords into the run's identity."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evalkit.api import sort_out
from evalkit.cli import resume as resume_verb
from evalkit.cli.given import settings_from
from evalkit.cli.run import read
from evalkit.errors import UsageError
from evalkit.interaction import Budget
from evalkit.run.plan import Plan, make_plan
from evalkit.run.session import moved_roles
from evalkit.run.settings import Knobs, Settings
from tests.cli.conftest import Evalkit
from tests.run.talk import SUITE, scripted, talk, tasks

BUDGET = "--turns 30 --rollout-tokens 5000 --rollout-cost 0.5 --rollout-time 10m"
USER = "--user-model helper --user-base-url http://localhost:9/v1"


def planned(flags: str) -> Plan:
    args = read(["mini", "--model", "m", "--base-url", "http://localhost:8/v1", *flags.split()])
    return make_plan(settings_from(args, "mini", "m", {}), Knobs())


def test_a_budget_is_part_of_the_run_where_it_is_given() -> None:
    plan = planned(BUDGET)
    assert plan.budget == Budget(turns=30, tokens=5000, money=0.5, wall_s=600.0)
    assert plan.identity["budget"] == {"turns": 30, "tokens": 5000, "money": 0.5, "wall_s": 600.0}
    assert planned("--turns 30").identity["budget"] == {"turns": 30}
    assert "budget" not in planned("").identity


def test_a_role_is_part_of_the_run_with_its_endpoint_and_its_model_calls_it() -> None:
    plan = planned(USER)
    role = plan.identity["roles"]["user"]
    assert (role["id"], role["base_url"]) == ("helper", "http://localhost:9/v1")
    assert sorted(plan.models) == ["tested", "user"]
    assert plan.models["user"].describe()["base_url"] == "http://localhost:9/v1"
    assert "roles" not in planned("").identity


def test_python_takes_the_same_words() -> None:
    given: dict[str, Any] = {"turns": 30, "rollout_tokens": 5000, "rollout_cost": 0.5, "rollout_time": 600.0}
    given |= {"user_model": "helper", "user_base_url": "http://localhost:9/v1", "workspaces": 3}
    settings, knobs = sort_out("mini", "m", {**given, "base_url": "http://localhost:8/v1"})
    assert knobs.workspaces == 3
    assert make_plan(settings, knobs).identity == planned(f"{BUDGET} {USER}").identity
    whole, _ = sort_out("mini", "m", {"budget": Budget(turns=2), "roles": {"judge": {"model": "j"}}})
    assert (whole.budget, whole.roles) == (Budget(turns=2), {"judge": {"model": "j"}})


def test_a_manifest_brings_both_back() -> None:
    settings = planned(f"{BUDGET} {USER}").settings
    assert Settings.from_json(settings.to_json()) == settings


def test_a_roles_endpoint_may_move_and_a_role_may_not_appear() -> None:
    settings = planned(USER).settings
    moved = moved_roles(settings, {"user": {"base_url": "http://elsewhere:1/v1"}})
    assert moved == {"user": {"model": "helper", "base_url": "http://elsewhere:1/v1"}}
    with pytest.raises(UsageError, match="no model for the role 'judge'"):
        moved_roles(settings, {"judge": {"base_url": "http://elsewhere:1/v1"}})


def test_resume_says_where_roles_moved_to() -> None:
    class Args:
        user_base_url, user_api_key_env = "http://elsewhere:1/v1", None
        judge_base_url = judge_api_key_env = None

    assert resume_verb.moved_roles(Args()) == {"user": {"base_url": "http://elsewhere:1/v1"}}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ("--scaffold interactive", ("mini has no interactive tasks", "one-turn: leave out --scaffold")),
        ("--turns 0", ("--turns", "0 is less than 1")),
        ("--rollout-time soon", ("--rollout-time", "not a time")),
        ("--rollout-cost free", ("--rollout-cost", "not a number")),
        ("--user-base-url http://localhost:9/v1", ("--user-base-url without", "--user-model NAME")),
        ("--judge-model nobody", ("judge: unknown model 'nobody'", "--judge-base-url")),
        ("--user-model x --user-base-url ftp://x", ("user: 'ftp://x' is no base URL",)),
        (
            "--user-model x --user-base-url http://localhost:9/v1 --user-api-key-env NOT_SET",
            ("user: --user-api-key-env names NOT_SET",),
        ),
    ],
)
def test_what_cannot_be_used_is_one_clear_error(called: Evalkit, flags: str, words: tuple[str, ...]) -> None:
    called("run", "mini", "--model", "oracle", "--dry-run", *flags.split()).refused(2, *words)


def test_help_tells_of_them(called: Evalkit, tmp_path: Path) -> None:
    shown = called("run", "--help").stdout
    for flag in (
        "--turns N",
        "--rollout-time TIME",
        "--user-model NAME",
        "--judge-base-url URL",
        "--workspaces N",
    ):
        assert flag in shown
    assert "--user-base-url" in called("resume", "--help").stdout
    assert "--user-model" not in called("resume", "--help").stdout


CATALOG = """
[models.priced]
id = "priced"
base_url = "http://localhost:9/v1"
price = { input = 1.0, output = 2.0 }
"""


def test_a_dry_run_prices_roles_and_bounds_what_can_be_bounded(called: Evalkit, tmp_path: Path) -> None:
    (tmp_path / "models.toml").write_text(CATALOG)
    data = tasks(tmp_path, {"task_id": "a"}, {"task_id": "b"})
    words = ("run", SUITE, "--model", "priced", "--data", data, "--max-tokens", "100", "--dry-run", "--json")
    found = called(*words, "--turns", "5", "--rollout-cost", "0.25", "--user-model", "priced")
    assert (found.json["calls"], found.json["turns"]) == (2, 5)
    assert found.json["completion_tokens_at_most"] == 2 * 5 * 100
    assert found.json["cost_at_most"] is None
    assert found.json["budget"] == {"turns": 5, "money": 0.25}
    assert found.json["roles"] == {"user": {"model": "priced", "price": {"input": 1.0, "output": 2.0}}}
    assert "at most about $0.5000 by --rollout-cost" in found.stderr
    assert "user        priced, calls unknown, $1.00 and $2.00 per million tokens" in found.stderr
    free = called(*words)
    assert (free.json["turns"], free.json["completion_tokens_at_most"]) == (None, None)
    assert "as many as it takes" in free.stderr


def test_budget_roles_and_scaffold_stand_beside_the_score(called: Evalkit, tmp_path: Path) -> None:
    rules = [{"model": "customer", "replies": ["This is task t.", "BYE"]}]
    with scripted(tmp_path, {"t": ["hello"]}, rules=rules) as url:
        record = {"task_id": "t", "partner": "user"}
        run = talk(tmp_path, url, record, turns=9, user_model="customer", user_base_url=url)
    shown = called("show", run.folder)
    assert "Talking · scripted · talking · interactive" in shown.stdout
    assert "\n  budget      9 turns, each rollout\n  user        customer\n" in shown.stdout
    assert called("show", run.folder, "--json").json["budget"] == {"turns": 9}
    listed = called("list", "--results", tmp_path / "results")
    assert "scripted, user: customer  talking, interactive, 9 turns" in listed.stdout
    assert called("list", "--results", tmp_path / "results", "--json").json["roles"] == {"user": "customer"}
