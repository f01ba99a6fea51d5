"""The interactive loop in whole runs: real HTTP, a real store, worlds and partners of suite `talking`."""

from __future__ import annotations

from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from evalkit.errors import UsageError
from tests.run.talk import call, calls, events, facts, outcomes, requests, scripted, talk

WRITTEN = call("write", path="a", text="x")


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where worlds note what they did."""
    path = tmp_path / "acts"
    path.touch()
    monkeypatch.setenv("TALKING_LOG", str(path))
    return path


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_worlds_and_partners_of_each_kind(stream: bool, tmp_path: Path, log: Path) -> None:
    """One run: tools of two worlds, several calls in a reply, mistakes of all kinds, each partner."""
    table = {"world": "table", "wants": {"k": 2}}
    conversations: dict[str, list[Any]] = {
        "sum": [calls(call("add", a=1, b=2)), calls(call("write", path="a", text="3")), "It is 3."],
        "several": [
            calls(
                call("begin"), call("put", key="k", value=1), call("put", key="k", value=2), call("commit")
            ),
            "done",
        ],
        "undone": [calls(call("begin"), call("put", key="k", value=2)), "done, I think"],
        "mistakes": [
            calls(
                {"name": "write", "arguments": '{"path": "a", "te'},
                {"name": "write", "arguments": "[1]"},
                {"name": "wriet", "arguments": {}},
                {"name": "check", "arguments": {}},  # the partner's, not offered
                {"name": "read", "arguments": {"path": "nowhere"}, "id": None},
                {"name": "read", "arguments": {"nonsense": 1}, "id": "call_0"},
            ),
            calls(WRITTEN),
            "now it is there",
        ],
        "submitted": [calls(WRITTEN, call("submit"), call("write", path="a", text="too late"))],
        "nudged": ["Shall I?", "Really?", calls(WRITTEN), "There."],
        "idle": ["No.", "No!", "No!!", "never asked"],
        "empty": ["", {"text": None}, "", ""],
        "refused": [{"text": None, "refusal": "I will not."}],
        "filtered": [{"text": "I beg", "finish_reason": "content_filter"}],
        "cut": [calls({"name": "write", "arguments": '{"path": "a", "te'}, finish_reason="length"), "oh"],
        "cut-end": [{"text": "I would now wri", "finish_reason": "length"}],
        "cut-good": [calls(WRITTEN), {"text": "And so it i", "finish_reason": "length"}],
    }
    wants = {"wants": {"a": "x"}}
    records: list[dict[str, Any]] = [
        {"task_id": "sum", "wants": {"a": "3"}},
        {"task_id": "several", **table},
        {"task_id": "undone", **table},
        {"task_id": "mistakes", **wants},
        {"task_id": "submitted", **wants},
        {"task_id": "nudged", "partner": "nudge", **wants},
        {"task_id": "idle", "partner": "nudge", **wants},
        {"task_id": "empty", "partner": "nudge", **wants},
        *({"task_id": name, **wants} for name in ("refused", "filtered", "cut", "cut-end", "cut-good")),
    ]
    with scripted(tmp_path, conversations) as url:
        run = talk(tmp_path, url, *records, stream=stream)
    assert outcomes(run) == {
        "sum": "passed",
        "several": "passed",
        "undone": "failed/wrong",
        "mistakes": "passed",
        "submitted": "passed",
        "nudged": "passed",
        "idle": "failed/wrong",
        "empty": "failed/wrong",
        "refused": "failed/refused",
        "filtered": "failed/refused",
        "cut": "failed/wrong",
        "cut-end": "failed/truncated",
        "cut-good": "passed",
    }
    assert {entry["status"] for entry in requests(tmp_path)} == {200}, "every conversation was valid"
    told = [m["content"] for m in events(run, "mistakes", "model_call")[1].payload["request"]["messages"][3:]]
    assert told[0].startswith("error: JSONDecodeError")
    assert told[1].startswith("error: AttributeError") or told[1].startswith("error: TypeError")
    assert told[2].startswith("There is no tool 'wriet'. The tools are: add, write, read,")
    assert told[3].startswith("There is no tool 'check'.")
    assert told[4] == "error: KeyError: 'nowhere'"
    assert told[5].startswith("error: TypeError")
    assert [e.payload["call"]["name"] for e in events(run, "submitted", "observation")] == [
        "write",
        "submit",
        "(answer)",
    ]
    assert facts(run, "nudged")["nudged"] == 2
    assert (facts(run, "idle")["nudged"], facts(run, "idle")["turns"]) == (2, 3)


def test_each_budget_ends_an_endless_loop_with_its_reason(tmp_path: Path, log: Path) -> None:
    again = [calls(call("add", a=1, b=1))]
    slow = [calls(call("sleep", seconds=0.2))]
    late = [calls(call("sleep", seconds=30))]
    words = [calls(call("write", path="b", text="one two three four five six"))]
    paid = [{**again[0], "usage": {"prompt_tokens": 1, "completion_tokens": 1, "cost": 0.25}}]
    budgets: dict[str, Any] = {
        "turns": {"turns": 3},
        "tokens": {"tokens": 20},
        "money": {"money": 0.6},
        "time": {"wall_s": 0.5},
        "cut": {"wall_s": 0.4},
        "all": {"turns": 100, "tokens": 10_000, "money": 5.0, "wall_s": 60.0},
        "none-left": {"turns": 1},
    }
    conversations: dict[str, list[Any]] = {
        "turns": again,
        "tokens": words,
        "money": paid,
        "time": slow,
        "cut": late,
        "all": [calls(WRITTEN), "done"],
        "none-left": [calls(WRITTEN)],
    }
    records = [{"task_id": t, "wants": {"a": "x"}, "budget": limits} for t, limits in budgets.items()]
    with scripted(tmp_path, conversations) as url:
        run = talk(tmp_path, url, *records)
    assert outcomes(run) == {
        "turns": "failed/turns",
        "tokens": "failed/tokens",
        "money": "failed/money",
        "time": "failed/agent_timeout",
        "cut": "failed/agent_timeout",
        "all": "passed",
        "none-left": "passed",  # judged as it stands: the work was done
    }
    assert [facts(run, t)["turns"] for t in ("turns", "money", "none-left")] == [3, 3, 1]
    assert facts(run, "tokens")["reply_tokens"] >= 20
    assert facts(run, "time")["tools_s"] + facts(run, "time")["model_s"] > 0.49  # both are rounded
    assert facts(run, "time")["turns"] <= 3, "of 0.2 seconds each at least"
    assert [e.payload["call"]["name"] for e in events(run, "cut", "observation")] == ["(answer)"]


def test_the_users_budget_comes_before_the_suites(tmp_path: Path, log: Path) -> None:
    record = {"task_id": "t", "wants": {"a": "x"}, "budget": {"turns": 7, "tokens": 10_000}}
    with scripted(tmp_path, {"t": [calls(call("add", a=1, b=1))]}) as url:
        run = talk(tmp_path, url, record, turns=2)
        assert outcomes(run) == {"t": "failed/turns"}
        assert len(requests(tmp_path)) == 2
        other = talk(tmp_path, url, record)
        assert len(requests(tmp_path)) == 2 + 7
    assert other.folder != run.folder, "what is given is part of the run"
    assert run.manifest["identity"]["budget"] == {"turns": 2}


def test_a_reply_that_came_too_late_is_not_used(tmp_path: Path, log: Path) -> None:
    said = [{**calls(WRITTEN), "delay_s": 0.4}]
    with scripted(tmp_path, {"t": said}) as url:
        run = talk(tmp_path, url, {"task_id": "t", "wants": {"a": "x"}}, rollout_time=0.3)
    assert outcomes(run) == {"t": "failed/agent_timeout"}
    assert "write" not in log.read_text()


def test_what_a_partner_does_for_the_model_is_cut_with_its_time(tmp_path: Path, log: Path) -> None:
    conversations = {"late": ["sleep 30"], "in-time": ["sleep 0.1", "done"]}
    records = [
        {"task_id": "late", "partner": "doer", "budget": {"wall_s": 0.5}, "wants": {"a": "x"}},
        {"task_id": "in-time", "partner": "doer", "budget": {"wall_s": 20}, "wants": {}},
    ]
    with scripted(tmp_path, conversations) as url:
        run = talk(tmp_path, url, *records)
    assert outcomes(run) == {"late": "failed/agent_timeout", "in-time": "passed"}
    assert 0.49 < facts(run, "late")["tools_s"] + facts(run, "late")["model_s"] < 30  # both are rounded


def test_the_tested_model_asked_aside_is_itself_in_every_count(tmp_path: Path, log: Path) -> None:
    said = {"usage": {"prompt_tokens": 10, "completion_tokens": 7, "cost": 0.25}}
    no = {"text": "no", **said}
    rules = [
        {
            "match": "Is that all?",
            "task": "task yes.",
            "replies": [no, no, {"text": "yes", **said}],
        },
        {"match": "Is that all?", "task": "task turns.", "reply": "no"},
        {"match": "Is that all?", "task": "task money.", "reply": no},
        {"match": "Is that all?", "task": "task late.", "reply": {"text": "yes", "delay_s": 1.5}},
        {"match": "Is that all?", "task": "task full.", "reply": {"fault": "context"}},
    ]
    usual = {"partner": "doubtful", "wants": {"a": "x"}}
    records = [
        {"task_id": "yes", **usual, "wants": {}},
        {"task_id": "turns", **usual, "budget": {"turns": 5}},
        {"task_id": "money", **usual, "budget": {"money": 0.6}},
        {"task_id": "late", **usual, "budget": {"wall_s": 0.8}},
        {"task_id": "full", **usual},
    ]
    conversations = {str(record["task_id"]): [{"text": "So it is.", **said}] for record in records}
    with scripted(tmp_path, conversations, rules=rules) as url:
        run = talk(tmp_path, url, *records, context=5000)
    assert outcomes(run) == {
        "yes": "passed",
        "turns": "failed/turns",
        "money": "failed/money",
        "late": "failed/agent_timeout",
        "full": "failed/context",
    }
    told = {str(record["task_id"]): facts(run, str(record["task_id"])) for record in records}
    assert {told[task]["turns"] for task in ("yes", "turns")} == {4, 5}
    assert (told["yes"]["reply_tokens"], told["full"]["overflows"]) == (28, 1)
    assert told["yes"]["context"] == run.manifest["identity"]["context"] == 5000
    assert "partner_s" not in told["yes"]


def test_what_the_api_makes_wait_is_not_the_agents_time(tmp_path: Path, log: Path) -> None:
    said = [{**calls(WRITTEN), "fault": "429 first=1 retry_after=2"}, "done"]
    with scripted(tmp_path, {"t": said}) as url:
        run = talk(tmp_path, url, {"task_id": "t", "wants": {"a": "x"}}, rollout_time=1.9)
    assert outcomes(run) == {"t": "passed"}


def test_three_clocks_that_add_up(tmp_path: Path, log: Path) -> None:
    said = [{**calls(call("sleep", seconds=0.2)), "delay_s": 0.3}, {"text": "so?", "delay_s": 0.1}]
    with scripted(tmp_path, {"t": said}) as url:
        began = monotonic()
        run = talk(tmp_path, url, {"task_id": "t", "partner": "nudge"})
        took_s = monotonic() - began
    told = facts(run, "t")
    assert told["model_s"] >= 0.6
    assert told["tools_s"] >= 0.2
    assert told["verification_s"] >= 0.0
    assert told["model_s"] + told["tools_s"] + told["verification_s"] < took_s, "nothing is counted twice"
    assert "partner_s" not in told, "where nobody plays it there is none"
    seen = {k: sum(e.payload["observation"]["wall_s"] for e in of) for k, of in by_clock(run, "t").items()}
    assert seen["tools"] == pytest.approx(told["tools_s"], abs=0.01)
    assert seen["verification"] == pytest.approx(told["verification_s"], abs=0.01)
    replies = sum(e.payload["reply"]["wall_s"] for e in events(run, "t", "model_call"))
    assert replies == pytest.approx(told["model_s"], abs=0.01)


def by_clock(run: Any, task: str) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {"tools": [], "verification": []}
    for event in events(run, task, "observation"):
        found[event.payload["observation"]["clock"]].append(event)
    return found


def test_a_conversation_that_is_too_long_is_shortened_or_ends(tmp_path: Path, log: Path) -> None:
    long = calls(call("write", path="b", text="word " * 30))
    conversations = {
        "shortened": [
            long,
            long,
            long,
            long,
            calls(WRITTEN),
            calls(call("write", path="b", text="")),
            "done",
        ],
        "stubborn": [long, long, long, long, "never"],
        "hopeless": ["never"],
    }
    records: list[dict[str, Any]] = [
        {"task_id": "shortened", "wants": {"a": "x", "b": ""}},
        {"task_id": "stubborn", "partner": "stubborn"},
        {"task_id": "hopeless", "wants": {"a": "x"}},
    ]
    rules = [{"task": f"task {t}.", "replies": said, "by": "hit"} for t, said in conversations.items()]
    rules[2]["replies"] = [{"text": "", "fault": "context"}]
    with scripted(tmp_path, {}, "--context", "100", rules=rules) as url:
        run = talk(tmp_path, url, *records)
    assert outcomes(run) == {
        "shortened": "passed",
        "stubborn": "failed/context",
        "hopeless": "failed/context",
    }
    told = facts(run, "shortened")
    assert told["overflows"] == told["shortened"] > 0
    assert facts(run, "stubborn")["overflows"] == 11
    assert len(events(run, "shortened", "overflow")) == told["overflows"]


# -- a user played by a model ----------------------------------------------------------------------

CUSTOMER = [
    {"model": "customer", "replies": ["This is task t. Put x into a.", "Is it there?", "Fine. BYE"]},
]
SERVES = [calls(WRITTEN), "I did.", "Yes, it is there."]


def test_a_user_played_by_another_model(tmp_path: Path, log: Path) -> None:
    with scripted(tmp_path, {"t": SERVES}, rules=CUSTOMER) as url:
        record = {"task_id": "t", "partner": "user", "wants": {"a": "x"}}
        run = talk(tmp_path, url, record, user_model="customer", user_base_url=url)
    assert outcomes(run) == {"t": "passed"}
    made = [(e.payload["number"], e.payload["role"]) for e in events(run, "t", "model_call")]
    assert made == list(enumerate(["user", "tested", "tested", "user", "tested", "user"]))
    assert [entry["model"] for entry in requests(tmp_path)].count("customer") == 3
    last = events(run, "t", "model_call")[-1].payload["request"]["messages"]
    assert [m["role"] for m in last] == ["system", "user", "assistant", "user", "assistant", "user"]
    assert last[-1]["content"] == "Yes, it is there."
    told = facts(run, "t")
    assert told["turns"] == 3, "only the tested model's"
    assert told["partner_s"] > 0
    assert run.manifest["identity"]["roles"]["user"]["id"] == "customer"


def test_a_user_whose_context_is_full_is_nobodys_failure(tmp_path: Path, log: Path) -> None:
    rules = [{"model": "customer", "replies": ["This is task t.", {"text": "", "fault": "context"}]}]
    with scripted(tmp_path, {"t": ["hello"]}, rules=rules) as url:
        run = talk(
            tmp_path, url, {"task_id": "t", "partner": "user"}, user_model="customer", user_base_url=url
        )
    assert outcomes(run) == {"t": "error/api"}


def test_a_role_that_nobody_plays_is_not_run(tmp_path: Path, log: Path) -> None:
    with scripted(tmp_path, {}) as url:
        run = talk(tmp_path, url, {"task_id": "t", "partner": "user"})
    assert outcomes(run) == {"t": "not_run/unavailable"}


def test_a_suite_says_whom_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from evalkit.registry import find_suite
    from tests.run.talk import SUITE

    monkeypatch.setattr(find_suite(str(SUITE))[0], "roles", ("user",))
    with pytest.raises(UsageError, match="needs a model that plays the user"):
        talk(tmp_path, "http://localhost:9/v1", {"task_id": "t", "partner": "user"})


PRICES = """
[models.scripted]
id = "scripted"
base_url = "URL"
price = { input = 0.0, output = 1000.0 }

[models.customer]
id = "customer"
base_url = "URL"
PRICE
"""


@pytest.mark.parametrize("price", ["price = { input = 0.0, output = 50000.0 }", ""], ids=["known", "unknown"])
def test_a_limit_of_money_counts_every_role(
    price: str, tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = tmp_path / "models.toml"
    monkeypatch.setenv("EVALKIT_MODELS", str(catalog))
    rules = [{"model": "customer", "replies": ["This is task t1. And t2. Bye? BYE"], "by": "hit"}]
    records = [{"task_id": f"t{n}", "partner": "user"} for n in range(4)]
    with scripted(tmp_path, {"t1": ["one two"]}, rules=rules) as url:
        catalog.write_text(PRICES.replace("URL", url).replace("PRICE", price))
        run = talk(tmp_path, url, *records, user_model="customer", base_url=None, max_cost=0.9, concurrency=1)
    assert run.summary.end == "cost"
    assert run.summary.counts["not_run"] >= 2
    detail = run.summary.end_detail
    assert ("the price of customer is unknown" in detail) == (price == "")


def test_one_call_tells_whether_money_can_be_counted(tmp_path: Path, log: Path) -> None:
    """The others begin when the first call is priced; they do not wait for the whole first rollout."""
    priced = {"usage": {"prompt_tokens": 1, "completion_tokens": 1, "cost": 0.01}}
    turns = [{**calls(WRITTEN), **priced, "delay_s": s} for s in (0.2, 1.5)] + [{"text": "done", **priced}]
    records = [{"task_id": f"t{n}", "wants": {"a": "x"}} for n in range(4)]
    with scripted(tmp_path, {"t0": turns, **{f"t{n}": turns[1:] for n in (1, 2, 3)}}) as url:
        run = talk(tmp_path, url, *records, concurrency=4, max_cost=10.0)
    assert set(outcomes(run).values()) == {"passed"}
    first, *others = sorted(requests(tmp_path), key=lambda entry: float(entry["started"]))
    assert first["ended"] <= others[0]["started"], "it is made alone"
    assert max(entry["active"] for entry in others[:4]) == 4, "then all are at work"


# -- worlds that die -------------------------------------------------------------------------------


def test_a_world_that_died_is_made_again_at_once_and_one_that_dies_twice_fails(
    tmp_path: Path, log: Path
) -> None:
    conversations = {
        f"dies-{n}": [calls(WRITTEN), calls(call("fall", times=n)), "it lives"] for n in range(4)
    }
    records = [{"task_id": t, "wants": {"a": "x"}} for t in conversations]
    with scripted(tmp_path, conversations) as url:
        run = talk(tmp_path, url, *records)
        assert outcomes(run) == {
            "dies-0": "passed",
            "dies-1": "passed",
            "dies-2": "failed/crashed",
            "dies-3": "failed/crashed",
        }
        assert len(requests(tmp_path)) == 3 + 3 + 2 + 2, "no call was made again"
    acts = log.read_text().splitlines()
    assert [acts.count(f"dies-{n} write") for n in range(4)] == [1, 2, 2, 2]
    assert [acts.count(f"dies-{n} answer") for n in range(4)] == [1, 1, 0, 0], "nothing is asked of the dead"
    assert [acts.count(f"dies-{n} close") for n in range(4)] == [1, 2, 2, 2], "every world was closed"
    assert len(events(run, "dies-1", "died")) == 1


def test_a_partner_cannot_go_on_in_a_world_that_is_dead(tmp_path: Path, log: Path) -> None:
    with scripted(tmp_path, {"t": ["hello"]}) as url:
        run = talk(tmp_path, url, {"task_id": "t", "partner": "careless"})
    assert outcomes(run) == {"t": "failed/crashed"}
    assert len(requests(tmp_path)) == 1
    assert log.read_text().splitlines() == ["t fall", "t close", "t fall", "t close"]


def test_a_world_that_dies_of_being_asked_for_its_answer_fails(
    tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from evalkit.workspace import WorkspaceDied

    with scripted(tmp_path, {"t": [calls(WRITTEN), "done"]}) as url:
        world = world_class(tmp_path, url)

        async def answer(self: Any) -> Any:
            raise WorkspaceDied("gone")

        monkeypatch.setattr(world, "answer", answer)
        run = talk(tmp_path, url, {"task_id": "t", "wants": {"a": "x"}}, label="dead")
    assert outcomes(run) == {"t": "failed/crashed"}


@pytest.mark.parametrize("deaths", [(1, 2), (1, 3, 3)])
def test_a_death_that_the_next_act_notices_is_the_same_one(
    deaths: tuple[int, ...], tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By number of the act that finds it dead, a try each: one act apart it is the same, two are not."""
    from evalkit.workspace import WorkspaceDied

    turns = [calls(WRITTEN)] * 5 + ["done"]
    with scripted(tmp_path, {"t": turns}) as url:
        world = world_class(tmp_path, url)
        sound, left, acts = world.act, list(deaths), [0]

        async def act(self: Any, call: Any) -> Any:
            acts[0] += 1
            if left and acts[0] > left[0]:
                left.pop(0)
                acts[0] = 0
                raise WorkspaceDied("gone")
            return await sound(self, call)

        monkeypatch.setattr(world, "act", act)
        run = talk(tmp_path, url, {"task_id": "t", "wants": {"a": "x"}}, label="late")
        if len(deaths) > 2:
            assert outcomes(run) == {"t": "error/sandbox"}
            acts[0] = 0
            run = talk(tmp_path, url, {"task_id": "t", "wants": {"a": "x"}}, label="late")
    assert outcomes(run) == {"t": "failed/crashed"}


def test_a_broken_engine_is_an_error_and_is_tried_again(
    tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from evalkit.errors import SandboxError

    with scripted(tmp_path, {"t": [calls(WRITTEN), "done"]}) as url:
        world = world_class(tmp_path, url)
        sound = world.do_write

        def broken(*_: Any, **__: Any) -> str:
            raise SandboxError("the engine does not answer")

        async def act(self: Any, call: Any) -> Any:
            raise SandboxError("the engine does not answer")

        with monkeypatch.context() as patch:
            patch.setattr(world, "act", act)
            run = talk(tmp_path, url, {"task_id": "t", "wants": {"a": "x"}}, label="broken")
            assert outcomes(run) == {"t": "error/sandbox"}
        assert world.do_write is sound
        before = len(requests(tmp_path))
        again = talk(tmp_path, url, {"task_id": "t", "wants": {"a": "x"}}, label="broken")
        assert (again.folder, outcomes(again)) == (run.folder, {"t": "passed"})
        assert len(requests(tmp_path)) == before + 1, "the first call was answered from the record"


def world_class(tmp_path: Path, url: str) -> Any:
    """The suite's class of worlds: the module that evalkit loaded, not another copy of it."""
    import sys

    from evalkit.registry import find_suite
    from tests.run.talk import SUITE

    return sys.modules[find_suite(str(SUITE))[0].__module__].Files


def test_a_resumed_run_finds_its_roles_where_they_moved_to(
    tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Budget and roles come back from the manifest; calls of both models are not paid again."""
    from evalkit.cli import main
    from evalkit.run import session
    from tests.run.talk import open_nothing

    old, new = tmp_path / "old", tmp_path / "new"
    broken = [{"model": "customer", "replies": [CUSTOMER[0]["replies"][0], {"text": "", "fault": "401"}]}]
    record = {"task_id": "t", "partner": "user", "wants": {"a": "x"}}
    for folder in (old, new):
        folder.mkdir()
    with scripted(old, {"t": SERVES}, rules=broken) as url:
        run = talk(tmp_path, url, record, turns=9, user_model="customer", user_base_url=url)
        assert outcomes(run) == {"t": "error/api"}
        assert len(requests(old)) == 4
    monkeypatch.setattr(session, "open_equipment", open_nothing)
    with scripted(new, {"t": SERVES}, rules=CUSTOMER) as url:
        at = ["--base-url", url, "--max-attempts", "1"]
        assert main(["resume", str(run.folder), *at]) == 3, "the user is not there any more"
        assert main(["resume", str(run.folder), *at, "--judge-base-url", url]) == 2, "there is no judge"
        assert main(["resume", str(run.folder), *at, "--user-base-url", url]) == 0
        assert [entry["model"] for entry in requests(new)] == ["customer", "scripted", "customer"]
    assert outcomes(run) == {"t": "passed"}
    assert run.manifest["identity"]["budget"] == {"turns": 9}
