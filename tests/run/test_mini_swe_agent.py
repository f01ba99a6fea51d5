"""mini-swe-agent itself, from PyPI, over the scripted endpoint, real containers and a real store."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import psutil
import pytest

from evalkit.api import Run, run
from evalkit.interaction import Observation
from evalkit.scaffolds.mini_swe_agent import scaffold
from evalkit.scaffolds.mini_swe_agent.bridge import KEPT, MOST_LEFT_OUT, output_of
from evalkit.scaffolds.mini_swe_agent.process import SCRIPT, environment
from evalkit.scaffolds.mini_swe_agent.scaffold import MiniSweAgent, MiniSweAgentText
from evalkit.store import read_run
from evalkit.tools import install, installed, tool_names, tool_package
from tests import workspace_image as images
from tests.run.command import ended, start
from tests.run.talk import call, calls, events, facts, outcomes, requests, scripted

pytestmark = pytest.mark.docker
SUITE = Path(__file__).with_name("shelling")
WANTED = "one\nTWO\n"
EDIT = "printf 'one\\nTWO\\n' >wanted.txt"
PATCH = "git diff -- wanted.txt > patch.txt"
SUBMIT = "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT && cat patch.txt"
Go = Callable[..., Run]


@pytest.fixture
def tool(request: pytest.FixtureRequest) -> Path:
    """Its Python. `make test-all` installs it if need be; `make test` has no minute for that."""
    if installed("mini-swe-agent") is None and not request.node.get_closest_marker("full"):
        pytest.skip("mini-swe-agent is not installed here: evalkit tools install mini-swe-agent")
    return install("mini-swe-agent").python


@pytest.fixture(scope="module")
def image(docker_engine: Any) -> Iterator[str]:
    with images.made(docker_engine, (*images.PROGRAMS, "bash", "git", "ps", "sort")) as made:
        yield made


@pytest.fixture
def go(tool: Path, image: str, tmp_path: Path) -> Go:
    def made(
        conversations: Mapping[str, Sequence[Any]],
        *server: str,
        scaffold: str = "mini-swe-agent",
        more: Mapping[str, Mapping[str, Any]] | None = None,
        model: str = "scripted",
        **given: Any,
    ) -> Run:
        data = tmp_path / "tasks.jsonl"
        records = [
            {"task_id": task, "mode": "tools", "wants": WANTED, **((more or {}).get(task, {}))}
            for task in conversations
        ]
        data.write_text("".join(json.dumps(record) + "\n" for record in records))
        table = tmp_path / "images.json"
        table.write_text(json.dumps({"shelling": image}))
        # a reply that it cannot read is not in its next request: "turn" would give it again
        rules = [{"task": f"task {t}.", "replies": said, "by": "hit"} for t, said in conversations.items()]
        with scripted(tmp_path, {}, *server, rules=rules) as url:
            return run(
                str(SUITE),
                model,
                base_url=url,
                results=tmp_path / "results",
                data=str(data),
                image_map=str(table),
                scaffold=scaffold,
                max_attempts=2,
                **given,
            )

    return made


def bash(command: Any) -> dict[str, Any]:
    return calls(call("bash", command=command))


def test_it_solves_and_fails_as_its_own_runner_says(go: Go, tmp_path: Path) -> None:
    made = go(
        {
            "solves": [
                bash("ls"),
                calls(call("bash", command=EDIT), call("bash", command=PATCH)),
                bash(SUBMIT),
            ],
            "nothing": [bash("true"), bash("echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT")],
            "endless": [bash(EDIT)],
            "talks": ["I think it is done."],
        },
        turns=5,
    )
    assert outcomes(made) == {
        "solves": "passed",
        "nothing": "failed/empty_patch",
        "endless": "failed/turns",
        "talks": "failed/malformed",
    }
    assert {entry["status"] for entry in requests(tmp_path)} == {200}
    assert {task: facts(made, task)["exit_status"] for task in ("solves", "endless", "talks")} == {
        "solves": "Submitted",
        "endless": "LimitsExceeded",
        "talks": "RepeatedFormatError",
    }
    assert {task: facts(made, task)["turns"] for task in ("solves", "nothing", "endless", "talks")} == {
        "solves": 3,
        "nothing": 2,
        "endless": 5,
        "talks": 3,
    }
    assert facts(made, "solves")["agent"] == f"mini-swe-agent {tool_package('mini-swe-agent').version}"
    assert facts(made, "solves")["limits"] == {"turns": 5, "money": 3.0}
    first = events(made, "solves", "model_call")[0].payload["request"]
    assert [tool["name"] for tool in first["tools"]] == ["bash"]
    asked = first["messages"][1]["content"]
    assert "This is task solves." in asked
    assert "regular source code files in /work" in asked.lower()  # not /testbed: the work is elsewhere
    told = [m["content"] for m in events(made, "solves", "model_call")[-1].payload["request"]["messages"]]
    assert told[3] == "<returncode>0</returncode>\n<output>\nwanted.txt\n</output>"


@pytest.mark.full
def test_each_odd_case_of_its_tool(go: Go, tmp_path: Path) -> None:
    """What its own environment would have said of it; none of it is an error of the engine's."""
    submit_and = calls(
        call("bash", command=f"{EDIT}; {PATCH}"),
        call("bash", command=SUBMIT),
        call("bash", command="rm -rf .git"),
    )
    odd = {
        "several": [submit_and],
        "unknown": [calls(call("python", code="1")), submit_and],
        "broken": [calls({"name": "bash", "arguments": '{"command": "l'}), submit_and],
        "list": [bash(["ls"]), submit_and],
        "nul": [bash("ls \0"), submit_and],
        "half": [bash("ls \ud800"), submit_and],
        "half-said": [calls(call("bash", command="ls"), text="half \ud800 a character"), submit_and],
        "long": [bash("true " + "x" * 140_000), submit_and],
        "large": [bash("seq 1 400000"), submit_and],
        "floods": [bash("seq 1 6000000"), submit_and],
        "bytes": [bash("printf 'a\\r\\nb\\377c\\0d'"), submit_and],
        "no-shell": [bash("rm -f wanted.txt; kill -9 $$"), bash("exit 3"), bash("nowhere"), submit_and],
        "cut": [{"text": "I thi", "finish_reason": "length"}],
        "refuses": [{"text": "", "finish_reason": "content_filter"}],
        "false-end": [bash("echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT; false"), submit_and],
    }
    made = go(odd, turns=6)
    failures = {"cut": "truncated", "refuses": "refused", "half-said": "crashed"}
    expected = {task: f"failed/{failures[task]}" if task in failures else "passed" for task in odd}
    assert outcomes(made) == expected

    def told(task: str) -> list[str]:
        last = events(made, task, "model_call")[-1].payload["request"]["messages"]
        return [m["content"] for m in last[2:] if m["role"] in ("tool", "user")]

    failed = "<exception>An error occurred while executing the command: "
    assert "Unknown tool 'python'" in told("unknown")[0]
    assert "Error parsing tool call arguments" in told("broken")[0]
    assert told("list")[0].startswith(f"{failed}expected str, bytes or os.PathLike object, not list")
    assert told("nul")[0].startswith(f"{failed}embedded null byte")
    assert told("half")[0].startswith(f"{failed}'utf-8' codec can't encode character")
    assert told("long")[0].startswith(f"{failed}[Errno 7] Argument list too long: 'docker'")
    length = len("".join(f"{n}\n" for n in range(1, 400_001)))
    assert f"{length - 10_000} characters elided" in told("large")[0]
    assert f"{KEPT + MOST_LEFT_OUT - 10_000} characters elided" in told("floods")[0]
    assert told("floods")[0].rstrip().endswith("5999999\n6000000\n\n</output_tail>")
    assert told("large")[0].rstrip().endswith("399999\n400000\n\n</output_tail>")
    assert told("bytes")[0] == "<returncode>0</returncode>\n<output>\na\nb\ufffdc\0d</output>"
    # its client cannot send that reply back: for its own runner, too, the exception's name is the status
    assert facts(made, "half-said")["exit_status"] == "InternalServerError"
    assert "<returncode>137</returncode>" in told("no-shell")[0]
    assert "<returncode>3</returncode>" in told("no-shell")[1]
    assert "<returncode>127</returncode>" in told("no-shell")[2]
    assert {entry["status"] for entry in requests(tmp_path)} == {200}


@pytest.mark.full
def test_limits_and_a_workspace_that_its_programs_end(go: Go) -> None:
    priced = {"usage": {"prompt_tokens": 1, "completion_tokens": 1, "cost": 1.25}}
    made = go(
        {
            "money": [{**bash("echo $RANDOM"), **priced}],
            "context": [bash("seq 1 2000 && echo $RANDOM")],
            "disk": [bash("dd if=/dev/zero of=big bs=1M count=200")],
        },
        "--context",
        "9000",
    )
    assert outcomes(made) == {"money": "failed/money", "context": "failed/context", "disk": "failed/crashed"}
    assert facts(made, "money")["turns"] == 3  # its own limit of 3 dollars
    assert facts(made, "money")["exit_status"] == "LimitsExceeded"

    made = go({"late": [bash("sleep 120")]}, rollout_time=4.0)
    assert outcomes(made) == {"late": "failed/agent_timeout"}


@pytest.mark.full
def test_in_text(go: Go, tmp_path: Path) -> None:
    def block(command: str) -> str:
        return f"So be it.\n\n```mswea_bash_command\n{command}\n```\n"

    made = go(
        {
            "solves": [block(f"{EDIT}; {PATCH}"), block(SUBMIT)],
            "two": [block("ls") + block("ls")],
            "calls": [bash(EDIT)],
        },
        scaffold="mini-swe-agent-text",
        turns=6,
    )
    assert outcomes(made) == {"solves": "passed", "two": "failed/malformed", "calls": "failed/malformed"}
    assert not any(e.payload["request"].get("tools") for e in events(made, "solves", "model_call"))


@pytest.mark.full
def test_a_model_that_breaks_is_no_failure_of_the_agent(go: Go, tmp_path: Path) -> None:
    made = go({"t": [bash("ls"), {"text": "", "fault": "500"}]})
    assert outcomes(made) == {"t": "error/api"}


@pytest.mark.full
@pytest.mark.parametrize("point", ["call stored#1", "event stored#1", "event stored#3", "answer stored"])
def test_killed_and_gone_on(point: str, tool: Path, image: str, tmp_path: Path) -> None:
    """No call is made twice, and no process is left."""
    conversation = [
        bash("echo $RANDOM$RANDOM > noise.txt; cat noise.txt"),
        calls(call("bash", command=EDIT), call("bash", command=PATCH)),
        bash(SUBMIT),
    ]
    data, table = tmp_path / "tasks.jsonl", tmp_path / "images.json"
    data.write_text(json.dumps({"task_id": "t", "mode": "tools", "wants": WANTED}) + "\n")
    table.write_text(json.dumps({"shelling": image}))
    with scripted(tmp_path, {"t": conversation}) as url:
        words = ["run", str(SUITE), "--model", "scripted", "--base-url", url, "--api-key-env", "SCRIPTED_KEY"]
        words += ["--results", str(tmp_path / "results"), "--data", str(data), "--image-map", str(table)]
        words += ["--scaffold", "mini-swe-agent", "--json"]
        killed = ended(start(*words, env={"EVALKIT_CRASH_AT": point}))
        assert killed.code == 137, killed.stderr
        deadline = monotonic() + 30
        while agents() and monotonic() < deadline:
            sleep(0.1)
        assert not agents()
        done = ended(start(*words))
        assert done.code == 0, done.stderr
        assert done.summary["counts"]["passed"] == 1
        assert len(requests(tmp_path)) <= len(conversation) + 1, "only a call that was on its way is repeated"
        assert not agents()
    with read_run(Path(done.summary["run"])) as store:
        assert store.totals().calls == len(conversation)
        assert store.record("t", 0).info["facts"]["exit_status"] == "Submitted"


def agents() -> list[int]:
    """The agents' processes whose evalkit is gone, by number."""
    found = []
    for process in psutil.process_iter(["cmdline", "ppid"]):
        if str(SCRIPT) in (process.info["cmdline"] or []) and process.info["ppid"] == 1:
            found.append(process.pid)
    return found


@pytest.mark.full
def test_an_answer_that_is_there_already_is_taken_over(go: Go, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps({"task_id": "t", "patch": "no patch at all"}) + "\n")
    assert outcomes(go({"t": ["never asked"]}, model=f"replay:{rows}")) == {"t": "failed/patch_apply"}
    assert requests(tmp_path) == []


def test_it_reaches_its_model_only_and_starts_no_program(tool: Path) -> None:
    """The watch of its process, in the Python that it is installed in."""
    code = f"""
import importlib.util, socket, subprocess, os
spec = importlib.util.spec_from_file_location("agent", {str(SCRIPT)!r})
agent = importlib.util.module_from_spec(spec); spec.loader.exec_module(agent)
here = socket.create_server(("127.0.0.1", 0)); port = here.getsockname()[1]
other = socket.create_server(("127.0.0.1", 0)).getsockname()[1]
agent.only_to(port)
socket.create_connection(("127.0.0.1", port)).close()
def refused(act):
    try: act()
    except PermissionError: return True
print([refused(act) for act in (
    lambda: socket.create_connection(("127.0.0.1", other)),
    lambda: socket.create_connection(("192.0.2.1", 80)),
    lambda: socket.getaddrinfo("example.org", 80),
    lambda: socket.socket(socket.AF_UNIX).connect("/var/run/docker.sock"),
    lambda: subprocess.run(["true"]),
    lambda: os.system("true"),
    lambda: os.fork(),
)])
"""
    done = subprocess.run(
        [tool, "-I", "-c", code], env=environment(tool), capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str([True] * 7)


def test_its_limits_are_those_of_its_configuration(tool: Path) -> None:
    variants = (MiniSweAgent, MiniSweAgentText)
    all_of_them = [(v.config, v.budget) for v in variants]
    all_of_them += [(v.machines, v.machines_budget) for v in variants]
    for config, budget in all_of_them:
        code = f"""
from minisweagent.config import builtin_config_dir
from yaml import safe_load
agent = safe_load((builtin_config_dir / "{config}.yaml").read_text())["agent"]
print(agent["step_limit"], agent["cost_limit"], agent.get("wall_time_limit_seconds", 0))
"""
        done = subprocess.run(
            [tool, "-I", "-c", code], env=environment(tool), capture_output=True, text=True, check=True
        )
        assert done.stdout.split() == [str(budget.turns or 0), str(budget.money), "0"]


def test_a_run_that_cannot_be_made_is_refused_before_anything_starts(tmp_path: Path) -> None:
    at = ("--scaffold", "mini-swe-agent", "--results", str(tmp_path / "results"), "--json")
    done = ended(start("run", "mini", "--model", "null", *at))
    assert (done.code, "mini has no work for mini-swe-agent" in done.stderr) == (2, True)
    data = tmp_path / "tasks.jsonl"
    data.write_text(json.dumps({"task_id": "t", "mode": "tools", "wants": WANTED}) + "\n")
    words = ("run", str(SUITE), "--model", "null", "--data", str(data), *at)
    done = ended(start(*words, env={"EVALKIT_CACHE": str(tmp_path / "cache")}))
    assert (done.code, "evalkit tools install mini-swe-agent" in done.stderr) == (2, True)
    assert not (tmp_path / "results").exists()


@pytest.mark.full
def test_one_that_does_nothing_any_more_is_ended(go: Go, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its process stopped by a signal, after its first reply."""
    monkeypatch.setattr(scaffold, "SILENT_S", 1.0)
    monkeypatch.setattr(scaffold, "output_of", stopping)
    assert outcomes(go({"t": [bash("ls"), bash("ls")]})) == {"t": "failed/crashed"}


def stopping(seen: Observation) -> dict[str, Any]:
    for process in psutil.Process().children():
        if str(SCRIPT) in process.cmdline():
            process.suspend()
    return output_of(seen)


def test_the_page_names_the_versions_that_are_installed() -> None:
    page = (Path(__file__).parents[2] / "docs" / "agents.md").read_text()
    for name in tool_names():
        assert f"| `{name}` | {tool_package(name).version} |" in page
