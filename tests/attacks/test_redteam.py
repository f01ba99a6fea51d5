"""The red-team corpus beside this repository, where it is there, through every suite by the command line.

Its own rules: default settings; alone and several at a time; in any order; again on resume; three times.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from evalkit.sandbox import list_leftovers
from tests.attacks.kinds import FUNCTIONS, PROGRAMS, Done, Kind, Question, command, evalkit, judge, records
from tests.conftest import REPOSITORY
from tests.run.command import printed
from tests.sandbox.waiting import wait_until

pytestmark = pytest.mark.docker

OUTCOMES = {"pass": ("passed",), "fail": ("failed",), "timeout": ("failed",), "infra_error": ("error",)}


@dataclass(frozen=True)
class Attack:
    id: str
    kind: str
    expect: Sequence[str]
    also: Mapping[str, Any]
    payload: Mapping[str, Any]
    task: Mapping[str, Any]

    def question(self, part: str = "code") -> Question:
        if self.kind == "function":
            return Question(
                self.task["entry_point"],
                text(self.task["solution"]),
                self.task["io"],
                text(self.payload[part]),
            )
        io = [(test["stdin"], test["stdout"]) for test in self.task["tests"]]
        return Question("", text(self.task["solution"]), io, text(self.payload[part]))


def text(lines: Any) -> str:
    return lines if isinstance(lines, str) else "\n".join(lines)


def corpus() -> list[Attack]:
    folder = Path(os.environ.get("EVALKIT_REDTEAM") or REPOSITORY.parent / "shared" / "redteam")
    if not folder.is_dir():
        return []
    tasks = json.loads((folder / "_tasks.json").read_text())
    found = []
    for path in sorted(folder.glob("*.json")):
        raw = json.loads(path.read_text())
        if path.name != "_tasks.json" and raw["kind"] in ("function", "stdio", "api", "harvest", "repo"):
            task = tasks[raw["task"]] if "task" in raw else {}
            found.append(
                Attack(raw["id"], raw["kind"], raw["expect"], raw.get("also", {}), raw["payload"], task)
            )
    return found


CORPUS = corpus()
without = pytest.mark.skipif(
    not CORPUS, reason="no red-team corpus in ../shared/redteam (or EVALKIT_REDTEAM)"
)
SUITES = [(name, "function") for name in FUNCTIONS] + [(name, "stdio") for name in PROGRAMS]


def attacks(kind: str) -> list[Attack]:
    return [attack for attack in CORPUS if attack.kind == kind]


def questions(chosen: Sequence[Attack]) -> tuple[list[Question], list[int]]:
    """Earlier samples come before theirs; where in the list each attack's own question is."""
    found, places = [], []
    for attack in chosen:
        if "first" in attack.payload:
            found.append(attack.question("first"))
        places.append(len(found))
        found.append(attack.question())
    return found, places


def hold(
    kind: Kind, chosen: Sequence[Attack], places: Sequence[int], found: Sequence[Mapping[str, Any]]
) -> None:
    """The verdicts are as expected, and so are reasons and times."""
    wrong = []
    for attack, place in zip(chosen, places, strict=True):
        record = found[place]
        outcomes = {outcome for word in attack.expect for outcome in OUTCOMES[word]}
        good = (
            record["outcome"] in outcomes
            and attack.also.get("reason") in (None, record["reason"], *kind.other_reasons)
            and record["times"]["judge_s"] <= attack.also.get("max_wall_s", 60)
        )
        if not good:
            wrong.append((attack.id, record["outcome"], record["reason"], record["detail"]))
    assert not wrong


def nothing_left(engine: Any) -> None:
    """No container and no volume of an owner that is gone: with them went all their processes."""
    wait_until(lambda: not [t for t in list_leftovers(engine) if t.kind != "image" and not t.alive])


def ran(folder: Path, kind: Kind, chosen: Sequence[Attack], *flags: str) -> Done:
    asked, places = questions(chosen)
    done = judge(folder, kind, asked, *flags)
    assert done.code == 0, done.stderr
    hold(kind, chosen, places, done.records)
    return done


@without
@pytest.mark.parametrize(("suite", "kind"), SUITES)
def test_once(tmp_path: Path, docker_engine: Any, suite: str, kind: str) -> None:
    ran(tmp_path, FUNCTIONS[suite], attacks(kind))
    nothing_left(docker_engine)


@without
@pytest.mark.full
@pytest.mark.parametrize("round_", range(3))
@pytest.mark.parametrize("judges", ["1", "4"])
@pytest.mark.parametrize(("suite", "kind"), SUITES)
def test_alone_and_four_at_a_time_in_any_order(
    tmp_path: Path, docker_engine: Any, suite: str, kind: str, judges: str, round_: int
) -> None:
    chosen = attacks(kind)
    random.Random(round_).shuffle(chosen)
    ran(tmp_path, FUNCTIONS[suite], chosen, "--judges", judges)
    nothing_left(docker_engine)


@without
@pytest.mark.parametrize(
    ("suite", "kind"),
    [("humaneval", "function"), pytest.param("livecodebench", "stdio", marks=pytest.mark.full)],
)
def test_again_on_resume(tmp_path: Path, docker_engine: Any, suite: str, kind: str) -> None:
    """Killed as soon as there are verdicts, then resumed: the same verdicts."""
    chosen, suite_kind = attacks(kind), FUNCTIONS[suite]
    asked, places = questions(chosen)
    running = subprocess.Popen(
        command(tmp_path, suite_kind, asked, "--judges", "1"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    run = killed_in_the_middle(running, tmp_path / "results")
    code, _, err, _ = evalkit([sys.executable, "-m", "evalkit", "resume", str(run)])
    assert code == 0, err
    hold(suite_kind, chosen, places, records(str(run), suite_kind, asked))
    nothing_left(docker_engine)


def killed_in_the_middle(running: subprocess.Popen[bytes], results: Path) -> Path:
    """The run's folder, once the harness was killed with some verdicts but not all."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        for run in results.glob("*/run.sqlite"):
            _, out, _ = printed(("show", str(run.parent), "--json"))
            if out and json.loads(out.splitlines()[-1])["scored"] > 0:
                running.send_signal(signal.SIGKILL)
                running.wait()
                return run.parent
        assert running.poll() is None, "it was done before it could be killed"
        time.sleep(0.05)
    pytest.fail("no verdict within a minute")


@without
@pytest.mark.parametrize("suite", PROGRAMS)
def test_floods_do_not_fill_the_harness(tmp_path: Path, suite: str) -> None:
    """Peak memory of the command with attacks that bound its growth, against that with honest answers."""
    bounded = [a for a in CORPUS if a.kind == "stdio" and "harness_rss_growth_mb" in a.also]
    honest = [Question("", q.solution, q.io, q.solution) for q in questions(bounded)[0]]
    base = judge(tmp_path / "honest", FUNCTIONS[suite], honest)
    assert [r["outcome"] for r in base.records] == ["passed"] * len(honest)
    hostile = ran(tmp_path / "hostile", FUNCTIONS[suite], bounded)
    allowed = min(a.also["harness_rss_growth_mb"] for a in bounded)
    assert hostile.peak_bytes - base.peak_bytes <= allowed << 20


# -- the API -----------------------------------------------------------------------------------------


@contextmanager
def fake_openai(tool: Path, folder: Path, attack: Attack) -> Iterator[tuple[str, Path]]:
    """A faulty endpoint as the attack wants it; its base URL and its log of requests."""
    script, port, log = folder / "script.jsonl", folder / "port", folder / "requests.jsonl"
    rules = attack.payload.get("script") or [{"reply": f"```python\n{text(attack.task['solution'])}\n```"}]
    script.write_text("".join(json.dumps(rule) + "\n" for rule in rules))
    words = [str(tool), "--port", "0", "--port-file", str(port), "--log", str(log), "--script", str(script)]
    server = subprocess.Popen([*words, *attack.payload.get("server", [])], stdout=subprocess.DEVNULL)
    try:
        while not port.exists() or not port.read_text():
            assert server.poll() is None
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port.read_text().strip()}/v1", log
    finally:
        server.kill()
        server.wait()


def api() -> Iterator[Any]:
    """What lasts is given up after eight attempts, whose waits take most of a minute; or after three."""
    for attack in attacks("api"):
        lasts = "infra_error" in attack.expect
        yield pytest.param(attack, [], id=attack.id, marks=[pytest.mark.full] if lasts else [])
        if lasts:
            yield pytest.param(attack, ["--max-attempts", "3"], id=f"{attack.id}, three attempts")


@without
@pytest.mark.parametrize(("attack", "flags"), list(api()))
def test_api(tmp_path: Path, attack: Attack, flags: list[str]) -> None:
    tool = REPOSITORY.parent / "shared" / "tools" / "fake-openai"
    if "EVALKIT_REDTEAM" in os.environ:
        tool = Path(os.environ["EVALKIT_REDTEAM"]).parent / "tools" / "fake-openai"
    if not tool.exists():
        pytest.skip("no fake-openai in ../shared/tools")
    kind = FUNCTIONS["humaneval"]
    asked = [Question(attack.task["entry_point"], text(attack.task["solution"]), attack.task["io"], "")]
    words = command(tmp_path, kind, asked)
    words[words.index("--model") + 1] = "scripted"
    with fake_openai(tool, tmp_path, attack) as (url, log):
        stream = ["--stream"] if attack.payload.get("stream") else []
        started = time.monotonic()
        _, out, err, _ = evalkit(
            [*words, "--base-url", url, "--api-key-env", "REDTEAM_KEY", *stream, *flags],
            {"REDTEAM_KEY": "canary-of-a-key"},
        )
        took = time.monotonic() - started
        requests = [json.loads(line) for line in log.read_text().splitlines()]
    summary = json.loads(out.splitlines()[-1])
    [record] = records(summary["run"], kind, asked)
    assert record["outcome"] in {o for word in attack.expect for o in OUTCOMES[word]}, (record, err)
    also = attack.also
    assert len(requests) <= also.get("max_requests", 1000)
    assert sum(bool(r.get("billed")) for r in requests) <= also.get("max_billed", 1000)
    assert also.get("min_wall_s", 0) <= took <= also.get("max_wall_s", 600)
    if "flag" in also:
        assert record["reason"] == also["flag"]
    written = b"".join(path.read_bytes() for path in Path(summary["run"]).rglob("*") if path.is_file())
    assert b"canary-of-a-key" not in written + out.encode() + err.encode()
