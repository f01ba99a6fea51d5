"""The official verification of both formats, in real containers: what is run, as whom, what comes of it."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio
from evalkit_suites.terminal_bench.company import computing
from evalkit_suites.terminal_bench.judge import official_verdict, score
from evalkit_suites.terminal_bench.state import CHANGES, GOLD, LOG, NULL, lost, read_state
from evalkit_suites.terminal_bench.steps import VERIFY, StepsWorld
from evalkit_suites.terminal_bench.trial import Healthcheck, Phase, Solution, Trial, Typed
from evalkit_suites.terminal_bench.verify import How, Verification
from evalkit_suites.terminal_bench.workplace import assignment_of, spec_of

from evalkit.errors import SandboxError
from evalkit.model import ToolCall
from evalkit.sandbox import build_recipe, open_workspace_sandbox
from evalkit.task import Answer, Verdict
from evalkit.workspace import Executed, Workspace

from .swebench_made import BASE
from .terminal_bench_trials import ROOT, core, harbor, stepped

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="session")]
HOW = How(BASE.tag)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def sandbox(docker_engine: Any) -> AsyncIterator[Any]:
    await asyncio.to_thread(build_recipe, BASE, lambda line: None)
    opened = await open_workspace_sandbox(images=[BASE.tag], computing=2, run_label="tb-verify", ahead=0)
    yield opened
    await opened.close()


@asynccontextmanager
async def working(sandbox: Any, trial: Trial, how: How = HOW) -> AsyncIterator[tuple[Workspace, Any]]:
    """A workspace where an agent may begin, and the take."""
    assignment = assignment_of(trial, how)
    workspace = await sandbox.open(assignment.spec)
    try:
        yield workspace, await assignment.ready(workspace)
    finally:
        await workspace.close()


async def bash(workspace: Workspace, script: str, **how: Any) -> Executed:
    return await workspace.run(["bash", "-c", script], timeout_s=30, **how)


async def graded(
    sandbox: Any, trial: Trial, script: str, how: How = HOW, **run: Any
) -> tuple[Verdict, Answer]:
    """The official verdict where an agent did what the script does."""
    async with working(sandbox, trial, how) as (workspace, take):
        await bash(workspace, script, **run)
        answer = await take(workspace)
    return official_verdict(trial, read_state(answer.text), answer.files[LOG], {}), answer


async def gold_and_null(sandbox: Any, trial: Trial) -> list[Verdict]:
    return list(await asyncio.gather(*(score(trial, answer, sandbox, HOW) for answer in (GOLD, NULL))))


# -- the later format ------------------------------------------------------------------------------


async def test_the_reference_passes_and_nothing_fails(sandbox: Any) -> None:
    """The script's exit status says nothing."""
    gold, null = await gold_and_null(sandbox, harbor())
    assert (gold.outcome, gold.official, gold.log) == ("passed", "reward=1", b"said 1\n")
    assert gold.measured["reward"] == 1
    assert (null.outcome, null.reason, null.official, null.detail) == (
        "failed",
        "wrong",
        "reward=0",
        "said 0",
    )


async def test_what_an_agent_left_is_kept_with_its_answer(sandbox: Any) -> None:
    verdict, answer = await graded(sandbox, harbor(), "echo hello >hello.txt")
    assert (verdict.outcome, answer.form) == ("passed", "state")
    assert {CHANGES, LOG} <= set(answer.files)
    assert b"hello.txt" in gzip.decompress(answer.files[CHANGES])
    assert official_verdict(harbor(), read_state(answer.text), b"", {}).outcome == "passed"


async def test_rewards_of_before_are_not_read(sandbox: Any) -> None:
    script = 'echo "{\\"reward\\": 1}" >/logs/verifier/reward.json; echo 1 >/logs/verifier/reward.txt'
    link = "mkdir /x; echo 1 >/x/reward.txt; rm -r /logs/verifier; ln -s /x /logs/verifier"
    tries = (graded(sandbox, harbor(), script, user="1000"), graded(sandbox, harbor(), link))
    for verdict, _ in await asyncio.gather(*tries):
        assert (verdict.outcome, verdict.official) == ("failed", "reward=0")


def full(*values: Any) -> Any:
    return pytest.param(*values, marks=pytest.mark.full)


DAEMON = "(while [ ! -e {} ]; do sleep 0.02; done; for ((;;)); do {}; sleep 0.01; done) >/dev/null 2>&1 &"


@pytest.mark.parametrize(
    ("waits_for", "does", "user", "why"),
    [
        ("go", "ln -sf /etc/hostname /logs/verifier/reward.json", "root", "is a link"),
        full("go", "echo 1 >/logs/verifier/reward.json", "1000", "belongs to user 1000"),
        full("/", "echo 1 >/logs/verifier/reward.json", "root", "cannot be removed"),
    ],
)
async def test_rewards_that_are_not_the_verifiers_fail(
    sandbox: Any, waits_for: str, does: str, user: str, why: str
) -> None:
    """The tests wait for what the agent's daemon does meanwhile."""
    does_it = "touch go; until [ -e /logs/verifier/reward.json ]; do sleep 0.02; done"
    beside = harbor(f"#!/bin/bash\n{does_it}\necho 0 >/logs/verifier/reward.txt\n")
    verdict, _ = await graded(sandbox, beside, DAEMON.format(waits_for, does), user=user)
    assert (verdict.outcome, verdict.reason) == ("failed", "wrong")
    assert why in verdict.detail


async def test_no_reward_is_an_error_and_late_tests_fail(sandbox: Any) -> None:
    slow = harbor("#!/bin/bash\necho 1 >/logs/verifier/reward.txt\nsleep 60\n")
    mute = harbor("#!/bin/bash\necho broken\nexit 0\n")
    (verdict, _), (late, _) = await asyncio.gather(
        graded(sandbox, mute, "true"), graded(sandbox, slow, "true", replace(HOW, factor=0.05))
    )
    assert (verdict.outcome, verdict.reason, verdict.official) == (
        "error",
        "no_reward",
        "RewardFileNotFoundError",
    )
    assert verdict.log == b"broken\n"
    assert (late.outcome, late.reason) == ("failed", "test_timeout")
    assert (late.official, late.detail) == ("VerifierTimeoutError", "not done in 1.5 s")


@pytest.mark.full
async def test_whose_doing_it_is_that_tests_are_mute(sandbox: Any) -> None:
    """The agent's, where they speak without what it made of the files; else it is not known to be."""
    unless = "[ -e broken ] || [ -e /proc/$(cat pid)/comm ] || echo 0 >/logs/verifier/reward.txt"
    speaks = harbor(f"#!/bin/bash\n{unless}\n")
    verdict, answer = await graded(sandbox, speaks, "touch broken")
    assert verdict.reason == "no_reward"
    verdict = await score(speaks, answer, sandbox, HOW)
    assert (verdict.outcome, verdict.reason) == ("failed", "crashed")
    assert "give one without it" in verdict.detail
    running = await graded(sandbox, speaks, "sleep 300 >/dev/null 2>&1 & echo $! >pid")
    assert (await score(speaks, running[1], sandbox, HOW)).reason == "no_reward"
    mute = harbor("#!/bin/bash\ntrue\n")
    verdict = await score(mute, (await graded(sandbox, mute, "touch broken"))[1], sandbox, HOW)
    assert (verdict.outcome, verdict.reason) == ("error", "no_reward")


SEES = """\
#!/bin/bash
printf '{"reward": 1, "%s %s %s %s": 1}' "$(id -un)" "$PWD" "$GIVEN" "$(cat /proc/$(cat beat)/comm)" \\
    >/logs/verifier/reward.json
"""


async def test_users_variables_and_services(sandbox: Any) -> None:
    """Tests run as the verifier's user in the work's folder; what the agent started still runs."""
    verifier = Phase(30.0, "work", env=(("GIVEN", "a b"),))
    trial = harbor(SEES, verifier=verifier, env=(("GIVEN", "other"),))
    serve = 'sleep 300 >/dev/null 2>&1 & echo $! >beat; [ "$GIVEN" = other ] && id -un >who; chmod a+r *'
    verdict, _ = await graded(sandbox, trial, serve)
    assert verdict.official == "reward=1 work /app a b sleep=1"


CTRF = """\
#!/bin/bash
echo '{"results": {"tool": {"name": "jest"}, "tests": [
  {"name": "a", "status": "passed", "duration": 1500}, {"name": "b", "status": "skipped"},
  {"name": "c", "status": "failed", "duration": 2, "message": "no c"}]}}' >/logs/verifier/ctrf.json
echo 0 >/logs/verifier/reward.txt
"""


@pytest.mark.full
async def test_results_of_single_tests(sandbox: Any) -> None:
    verdict, _ = await graded(sandbox, harbor(CTRF), "true")
    assert [(t.name, t.status, t.detail, t.wall_s) for t in verdict.tests] == [
        ("a", "passed", "", 1.5),
        ("b", "passed", "skipped", None),
        ("c", "wrong", "no c", 0.002),
    ]
    assert verdict.detail == "failed: c"


async def test_the_network_of_each_phase(sandbox: Any) -> None:
    net = "#!/bin/bash\nn=$(ls /sys/class/net | wc -l); echo $((n - 1)) >/logs/verifier/reward.txt\n"
    trial = harbor(net, agent=Phase(30.0, "root", "no-network"), verifier=Phase(30.0, "root", "public"))
    async with working(sandbox, trial) as (workspace, take):
        assert (await bash(workspace, "ls /sys/class/net")).text.split() == ["lo"]
        answer = await take(workspace)
    assert read_state(answer.text).rewards == {"reward": 1.0}


@pytest.mark.full
async def test_a_healthcheck_before_the_agent(sandbox: Any) -> None:
    counts = 'echo x >>/tries; [ "$(wc -l </tries)" -ge 3 ]'
    check = Healthcheck(counts, interval_s=0.01, retries=3)
    async with working(sandbox, harbor(healthcheck=check)) as (workspace, _):
        assert (await bash(workspace, "wc -l </tries")).text.strip() == "3"
    with pytest.raises(SandboxError, match="its healthcheck failed 2 times"):
        async with working(sandbox, harbor(healthcheck=replace(check, retries=2))):
            pass
    starting = replace(check, retries=1, start_period_s=30.0, start_interval_s=0.01)
    async with working(sandbox, harbor(healthcheck=starting)):
        pass


# -- steps -----------------------------------------------------------------------------------------


@pytest.mark.full
async def test_steps_are_verified_one_by_one(sandbox: Any) -> None:
    gold, null = await gold_and_null(sandbox, stepped())
    assert (gold.outcome, gold.official) == ("passed", "reward=1")
    # one.txt is missing: the second step cannot be set up
    assert (null.outcome, null.reason) == ("failed", "crashed")
    assert "setup.sh of the step two ended with 1" in null.detail


class Nothing:
    """A world that is asked for nothing but its answer."""

    tools = ()

    def __init__(self, workspace: Workspace, take: Verification) -> None:
        self.workspace = workspace
        self.take = take

    async def act(self, call: ToolCall) -> Any:
        raise AssertionError(call)

    async def answer(self) -> Answer:
        answer: Answer = await self.take(self.workspace)
        return answer

    async def close(self) -> None: ...


@pytest.mark.parametrize(("reward", "value"), [("mean", 0.75), full("final", 0.5)])
async def test_an_agent_goes_on_with_the_next_step(sandbox: Any, reward: Any, value: float) -> None:
    trial = stepped(reward, (("reward", 0.9),))
    async with working(sandbox, trial) as (workspace, take):
        world = StepsWorld(Nothing(workspace, take), take)
        await bash(workspace, "echo 1 >one.txt")
        seen = await world.act(ToolCall("", VERIFY))
        assert (seen.data["next"], seen.data["rewards"]) == ("Write two.txt.", {"reward": 1.0})
        assert seen.clock == "verification"
        assert "of-one" not in (await bash(workspace, "cat seen.txt")).text  # by the second step's setup
        await bash(workspace, "echo 0.5 >two.txt; echo 1 >/logs/verifier/reward.json")
        assert (await world.act(ToolCall("", VERIFY))).data["next"] == ""
        answer = await world.answer()
    state = read_state(answer.text)
    assert state.rewards == {"reward": value}
    assert [step.rewards for step in state.steps] == [{"reward": 1.0}, {"reward": 0.5}]


@pytest.mark.full
async def test_too_little_ends_the_steps(sandbox: Any) -> None:
    async with working(sandbox, stepped("final", (("reward", 0.9),))) as (workspace, take):
        await bash(workspace, "echo 0.8 >one.txt; echo 1 >two.txt")
        answer = await take(workspace)
    state = read_state(answer.text)
    assert (len(state.steps), state.rewards) == (1, {"reward": 0.8})
    assert state.stopped == "reward 0.8, at least 0.9 is asked"


# -- terminal-bench-core ---------------------------------------------------------------------------


async def test_core_by_what_the_screen_shows(sandbox: Any) -> None:
    gold, null = await gold_and_null(sandbox, core())
    assert (gold.outcome, gold.official) == ("passed", "resolved")
    assert [(test.name, test.status) for test in gold.tests] == [("test_hello", "passed")]
    assert (null.outcome, null.reason, null.official) == ("failed", "wrong", "unresolved")
    assert null.detail == "failed: test_hello"


async def test_a_solution_that_is_typed(sandbox: Any) -> None:
    """Into a program, as the image's user. The first line is waited for: what is typed before the shell is
    there means something else to it, and a key that ends a file would be a letter of the file."""
    lines = (
        Typed("true", block=True),
        Typed("cat >hello.txt", block=False),
        Typed("hel", enter=False, block=False),
        Typed("lo", block=False, min_timeout_s=0.1),
        Typed("C-d", enter=False, block=False, min_timeout_s=0.3),
        Typed("id -un >who.txt", block=True),
    )
    checks = RUN_WHO
    trial = core(checks, Solution(typed=lines), agent=Phase(60.0, ""))
    gold = await score(trial, GOLD, sandbox, HOW)
    assert (gold.outcome, [test.name for test in gold.tests]) == ("passed", ["work", "root"])


RUN_WHO = """\
#!/bin/bash
echo "==== short test summary info ===="
grep -q hello hello.txt && echo "PASSED x::$(cat who.txt)"
echo "PASSED x::$(id -un)"
"""


@pytest.mark.full
async def test_core_tests_that_are_late_or_say_nothing(sandbox: Any) -> None:
    late = await score(core("sleep 60\n", limit_s=1.0), NULL, sandbox, HOW)
    assert (late.outcome, late.reason, late.official) == ("failed", "test_timeout", "test_timeout")
    mute = await score(core("echo nothing to see\n"), NULL, sandbox, HOW)
    assert (mute.outcome, mute.reason, mute.official) == ("error", "grader", "parse_error")
    assert b"nothing to see" in mute.log


async def test_tests_in_the_shell_that_the_agent_left(sandbox: Any) -> None:
    from evalkit.scaffolds.terminal import Terminal

    trial = core('echo "=== short test summary info ==="; echo "PASSED x::$MARK"\n', same_shell=True)
    async with working(sandbox, trial) as (workspace, take):
        assert take.wants_terminal
        take.terminal = terminal = await Terminal.open(workspace, width=160, height=40)
        await terminal.run_blocking(["export MARK=mine", "Enter"], 10)
        answer = await take(workspace)
        await terminal.end()
    assert [test.name for test in read_state(answer.text).steps[0].tests] == ["mine"]


@pytest.mark.full
async def test_what_is_typed_takes_a_place_among_what_computes(sandbox: Any) -> None:
    """Two at once have company, and a third waits; what one sleeps through is not for want of CPU."""
    async with working(sandbox, core()) as (workspace, _), working(sandbox, core()) as (other, _):
        async with computing(workspace, 5) as first, computing(other, 5) as second:
            third = asyncio.ensure_future(bash(workspace, "true", computes=True))
            await asyncio.wait([third], timeout=0.5)
            assert not third.done()
        assert (await third).status == 0
        assert first.slept is not None
        assert second.slept is not None
        assert first.slept.beside
        assert second.slept.beside
        assert not first.starved(5)


# -- answers ---------------------------------------------------------------------------------------


async def test_answers_that_are_no_work(sandbox: Any) -> None:
    verdict = await score(harbor(), lost("crashed"), sandbox, HOW)
    assert (verdict.outcome, verdict.reason) == ("failed", "crashed")
    for text in ("no JSON", "[]", json.dumps({"version": 1}), json.dumps({"do": "something"})):
        verdict = await score(harbor(), Answer(text, "state"), sandbox, HOW)
        assert (verdict.outcome, verdict.reason) == ("failed", "malformed")


async def test_what_a_task_asks_of_its_container() -> None:
    assert not spec_of(harbor(), replace(HOW, network=False)).network
    trial = harbor(cpus=2.0, memory_bytes=1 << 30, storage_bytes=5 << 30, env=(("A", "b"),))
    spec = await asyncio.to_thread(spec_of, trial, HOW)
    assert (spec.root, spec.user, spec.env, spec.network) == ("/app", "root", (("A", "b"),), True)
    limits = spec.limits
    assert (limits.cpus, limits.memory_bytes, limits.disk_bytes) == (2.0, 1 << 30, 5 << 30)
    closed = replace(ROOT, network="no-network")
    assert not spec_of(harbor(agent=closed, verifier=closed), HOW).network
    assert assignment_of(stepped(), replace(HOW, factor=2.0)).budget.wall_s == 120
    unlimited = replace(ROOT, timeout_s=None)
    assert assignment_of(harbor(agent=unlimited), HOW).budget.wall_s is None
