"""A model behind a server of ours: started when asked, used honestly, started again, and gone."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from evalkit.errors import ContextExceeded, EvalkitError, ModelError, ServerLost, UsageError
from evalkit.model import Hosted, Tool
from evalkit.models.limiter import AdaptiveLimiter
from evalkit.registry import open_suite
from evalkit.run.models import useful_at_once
from evalkit.run.settings import Knobs
from evalkit.servers import records
from evalkit.servers.engine import Wanted
from evalkit.servers.engines import ENGINES
from evalkit.servers.life import ServerError
from evalkit.servers.preflight import free_port
from evalkit.serving import How
from evalkit.serving.asked import ask_for
from evalkit.serving.host import HOSTS
from evalkit.serving.model import ServedModel
from evalkit.serving.pressure import Pressure
from tests.serving.conftest import asking, opened

Faults = Callable[[str], None]


def listened(model: ServedModel) -> tuple[list[str], list[dict[str, Any]]]:
    said: list[str] = []
    noted: list[dict[str, Any]] = []

    async def note(kind: str, facts: Any) -> None:
        noted.append({"kind": kind, **facts})

    model.attend(said.append, note)
    return said, noted


async def test_one_server_serves_several_runs_of_a_model_and_then_ends(faults: Faults, tiny: Path) -> None:
    faults("")
    first, second = opened(tiny), opened(tiny)
    said, noted = listened(first)
    assert list(records.records()) == []  # nothing is started before a call is made
    replies = await asyncio.gather(*(first.complete(asking(f"Hello {i}", max_tokens=4)) for i in range(8)))
    assert {r.text for r in replies} == {"one two three fo"[:16]}
    [record] = records.records()
    await first.close()
    await second.complete(asking(max_tokens=4))
    assert [r.name for r in records.records()] == [record.name]
    await second.close()
    assert list(records.records()) == []
    assert any("ready after" in line for line in said)
    assert noted[0]["kind"] == "server"
    assert (noted[0]["version"], noted[0]["context"], noted[0]["kv_tokens"]) == ("1.2.3", 4096, 160_000)


def test_what_identifies_it_holds_no_place_and_no_key(faults: Faults, tiny: Path) -> None:
    faults("")
    first, again = opened(tiny), opened(tiny)
    assert first.describe() == again.describe()
    assert set(first.describe()) == {"backend", "id", "weights"}
    assert opened(tiny, quantization="fp8").describe()["quantization"] == "fp8"
    assert opened(tiny, parallel=2).describe() == first.describe()  # speed alone
    (tiny / "model.safetensors").write_bytes(bytes(999) + b"1")
    assert opened(tiny).describe() != first.describe()
    facts = first.facts()
    assert facts["hashes"].keys() == {"config.json", "model.safetensors"}
    assert facts["determinism"] == "none"
    assert "--served-model-name" in facts["command"]
    assert isinstance(first, Hosted)


async def test_all_of_the_sampling_is_sent(faults: Faults, tiny: Path, tmp_path: Path) -> None:
    faults(f"asked={tmp_path / 'asked'}")
    model = opened(tiny)
    await model.complete(asking(top_k=7, max_tokens=9))
    await model.close()
    body = json.loads((tmp_path / "asked").read_text().splitlines()[-1])
    del body["messages"]
    assert body == {
        "model": "tiny",
        "max_tokens": 9,
        "temperature": 1.0,
        "top_p": 1.0,
        "top_k": 7,
        "min_p": 0.0,
        "repetition_penalty": 1.0,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
    }


@pytest.mark.parametrize(
    ("how", "end"),
    [
        ("", ContextExceeded),  # counted before it is sent
        pytest.param("goes_on", ContextExceeded, marks=pytest.mark.full),  # the server would answer 200
        pytest.param("cuts=200", ContextExceeded, marks=pytest.mark.full),
    ],
)
async def test_a_prompt_that_does_not_fit_is_never_answered(
    faults: Faults, tiny: Path, tmp_path: Path, how: str, end: type[EvalkitError]
) -> None:
    faults(f"context=1000 asked={tmp_path / 'asked'} {how}")
    model = opened(tiny)
    assert (await model.complete(asking("short", max_tokens=5))).text
    before = len((tmp_path / "asked").read_text().splitlines())
    with pytest.raises(end, match=r"the prompt has 2,500 tokens, the context 1,000"):
        await model.complete(asking("a" * 10_000, max_tokens=5))
    assert len((tmp_path / "asked").read_text().splitlines()) == before
    assert model.account()["over_long"] == 1
    # one that fits with a shorter reply is sent with the limit that is left
    await model.complete(asking("a" * 3_600, max_tokens=500))
    assert json.loads((tmp_path / "asked").read_text().splitlines()[-1])["max_tokens"] == 100
    await model.close()


async def test_what_a_server_read_is_compared_with_what_was_sent(faults: Faults, tiny: Path) -> None:
    faults("cuts=200 context=100000")
    model = opened(tiny)
    with pytest.raises(ModelError, match="read 200 tokens of a prompt of 20,000 characters: it was cut"):
        await model.complete(asking("ab" * 10_000))
    await model.close()
    faults("miscounts context=6000")
    model = opened(tiny, context=6000)
    await model.complete(asking("a" * 8_000, max_tokens=9))
    found = model.account()
    assert found["usage"] == {"compared": 1, "differing": 1}
    assert "differs from what was sent in 1 of 1 calls" in found["remarks"][0]
    await model.close()


@pytest.mark.parametrize("how", ["deaf", "deaf thinks"])
async def test_one_that_does_not_do_as_it_is_asked_is_named(faults: Faults, tiny: Path, how: str) -> None:
    faults(how)
    model = opened(tiny)
    said, _ = listened(model)
    await model.complete(asking())
    await model.close()
    assert any(re.search(r"ignores max_tokens: it wrote \d{3} tokens where 8 were", line) for line in said)
    assert any("ignores stop" in line for line in said)
    assert model.account()["remarks"][0].startswith("the server ignores max_tokens")


async def test_none_is_blamed_for_a_stop_among_bytes_that_are_no_text(faults: Faults, tiny: Path) -> None:
    """As llama.cpp does with a model of random weights."""
    faults("garbled")
    model = opened(tiny)
    await model.complete(asking())
    assert model.account()["remarks"] == []
    await model.close()


@pytest.mark.parametrize(
    ("how", "why"),
    [("texts", "does not read this model's tool calls"), ("toolless", "takes no tools: 400")],
)
async def test_a_parser_that_reads_no_tool_calls_is_found_before_the_first(
    faults: Faults, tiny: Path, how: str, why: str
) -> None:
    faults(how)
    model = opened(tiny)
    with pytest.raises(ServerError, match=why) as told:
        await model.complete(asking(tools=(Tool("bash", "Runs it."),)))
    assert "--tool-call-parser" in told.value.hint
    await model.close()


@pytest.mark.parametrize(("how", "found"), [("", "parsed"), ("mute", "none")])
async def test_tool_calls_are_tried_once(faults: Faults, tiny: Path, how: str, found: str) -> None:
    faults(how)
    model = opened(tiny)
    said, noted = listened(model)
    for _ in range(2):
        reply = await model.complete(asking(tools=(Tool("bash", "Runs it."),), max_tokens=9))
    assert [call.name for call in reply.tool_calls] == ([] if how else ["bash"])
    assert noted[-1]["tool_calls"] == found
    assert len(noted) == 2
    assert bool([line for line in said if "made no tool call" in line]) is bool(how)
    await model.close()


async def test_calls_in_flight_when_it_dies_are_made_anew(faults: Faults, tiny: Path, tmp_path: Path) -> None:
    faults(f"dies_once={tmp_path / 'died'}")
    model = opened(tiny)
    said, _ = listened(model)
    replies = await asyncio.gather(*(model.complete(asking(f"Hello {i}", max_tokens=4)) for i in range(8)))
    assert {r.text for r in replies} == {"one two three fo"}
    assert max(len(r.attempts) for r in replies) > 1
    assert len(model.account()["deaths"]) == 1
    assert any("it is started again (1 of 3 times)" in line for line in said)
    await model.close()


async def test_one_that_dies_again_and_again_is_given_up(faults: Faults, tiny: Path) -> None:
    faults("dies=7")  # of which one makes it ready, and three ask how it behaves
    model = opened(tiny)
    model.retry = type(model.retry)(max_attempts=50, first_wait_s=0.01)
    with pytest.raises(ServerLost, match=r"vllm died, for the 4th time: it is not started again"):
        await many(model)
    with pytest.raises(ServerLost):
        await model.complete(asking())
    await model.close()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not true():  # noqa: ASYNC110  (nothing tells of it)
            await asyncio.sleep(0.02)


async def many(model: ServedModel) -> None:
    for i in range(100):
        await model.complete(asking(f"Hello {i}", max_tokens=4))


async def test_one_that_cannot_start_is_not_tried_again(faults: Faults, tiny: Path) -> None:
    faults("exit=1")
    first, second = opened(tiny), opened(tiny)
    for model in (first, second):
        with pytest.raises(ServerError, match="ended before it was ready"):
            await model.complete(asking())
    assert len(list((records.folder() / "logs").iterdir())) == 1
    await first.close()
    await second.close()


async def test_a_port_that_another_took_meanwhile_costs_a_second_start(
    faults: Faults, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults("")
    with socket.create_server(("127.0.0.1", 0)) as other:
        ports = iter((other.getsockname()[1], free_port()))
        monkeypatch.setattr("evalkit.servers.life.free_port", lambda: next(ports))
        monkeypatch.setattr("evalkit.servers.life.check_port", lambda place: None)  # it was free when asked
        model = opened(tiny)
        said, _ = listened(model)
        assert (await model.complete(asking(max_tokens=2))).text == "one two "
        assert any("its port is taken: another was quicker" in line for line in said)
        await model.close()


@pytest.mark.parametrize("how", ["loading=100", "hang", "endless"])
async def test_one_that_is_not_wanted_any_more_ends_before_it_is_ready(
    faults: Faults, tiny: Path, how: str
) -> None:
    faults(how)
    model = opened(tiny)
    call = asyncio.create_task(model.complete(asking()))
    await until(lambda: bool(list(records.records())))
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    await model.close()
    assert list(records.records()) == []


async def test_as_many_calls_as_its_cache_holds_and_fewer_while_it_is_short(
    faults: Faults, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evalkit.serving.pressure.LOOK_S", 0.05)
    faults("kv=24000 preempts")
    model = opened(tiny, How(fit=True))
    await model.complete(asking(max_tokens=100))
    assert model.limiter.ceiling == 24_000 // 4_000
    await until(lambda: model.account()["concurrency"]["preemptions"] > 2)
    assert model.limiter.limit < 6
    assert model.account()["concurrency"]["lowered"] > 0
    await model.close()


async def test_what_a_kept_server_put_off_before_is_no_reason_to_ask_less_of_it() -> None:
    limiter = AdaptiveLimiter(8)
    pressure = Pressure(cast(Any, None), limiter)
    pressure.look(37.0)
    assert (limiter.limit, pressure.preemptions) == (8, 0)
    pressure.look(39.0)
    assert (limiter.limit < 8, pressure.preemptions) == (True, 2)


async def test_less_context_than_was_asked_for_is_an_error(faults: Faults, tiny: Path) -> None:
    faults("context=1000")
    model = opened(tiny, context=2000)
    with pytest.raises(ServerError, match="serves 1,000 tokens of context, not 2,000"):
        await model.complete(asking())
    await model.close()


@pytest.mark.full
async def test_a_kept_one_is_used_by_who_wants_the_same(faults: Faults, tiny: Path) -> None:
    faults("")
    model = opened(tiny, How(keep=True))
    await model.complete(asking())
    await model.close()
    [record] = records.records()
    assert record.kept
    HOSTS.clear()
    again = opened(tiny)
    said, _ = listened(again)
    assert (await again.complete(asking(max_tokens=2))).text == "one two "
    await again.close()
    assert [r.name for r in records.records()] == [record.name]
    assert "which was kept" in said[0]
    HOSTS.clear()
    other = opened(tiny, quantization="fp8")
    await other.complete(asking())
    assert len(list(records.records())) == 2
    await other.close()
    os.kill(record.program, signal.SIGKILL)
    await until(lambda: not list(records.records()))


def test_what_cannot_be_served_is_said_before_anything_starts(
    faults: Faults, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults("")
    with pytest.raises(UsageError, match="there is no model at"):
        opened(tmp_path / "absent")
    with pytest.raises(UsageError, match=r"has no config\.json"):
        opened(tmp_path / "bin")
    with pytest.raises(UsageError, match="is no model that vllm can serve"):
        opened("nothing-known")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(UsageError, match="not in the cache of the hub's client"):
        opened("nobody/nothing")


async def test_no_more_is_begun_than_a_server_takes_and_as_much_again(faults: Faults, tiny: Path) -> None:
    """A pause waits for what was begun: 256 that stand in line for 4 slots would take it as long."""
    faults("kv=12000")
    suite = open_suite("mini")
    model = opened(tiny, How(fit=True))
    await model.complete(asking(max_tokens=100))
    assert useful_at_once(model, suite, Knobs(fit=True)) == 6
    assert useful_at_once(model, suite, Knobs()) == float("inf")
    await model.close()


def test_what_llama_server_is_given_is_a_file_and_a_name(tmp_path: Path) -> None:
    def asked(*names: str) -> Wanted:
        folder = tmp_path / str(len(names))
        folder.mkdir()
        for name in names:
            (folder / name).write_bytes(b"GGUF")
        return ask_for(str(folder), None, ENGINES["llamacpp"], {}, None, sends=False).wanted

    one = asked("-a,b.gguf")
    assert (one.model, one.served_name) == (str(tmp_path / "1" / "-a,b.gguf"), "a_b.gguf")
    assert asked("m-00002-of-00002.gguf", "m-00001-of-00002.gguf").model.endswith("m-00001-of-00002.gguf")
    with pytest.raises(UsageError, match="several models"):
        asked("a.gguf", "b.gguf", "c.gguf")
    with pytest.raises(UsageError, match="several models"):
        asked("m-00001-of-00001.gguf", "m-00001-of-00002.gguf", "m-00002-of-00002.gguf", "README.md")
    with pytest.raises(UsageError, match="is a file"):
        ask_for(one.model, None, ENGINES["transformers"], {}, None, sends=False)


def test_a_model_in_parts_is_all_of_them(tmp_path: Path) -> None:
    parts = [tmp_path / f"m-0000{number}-of-00003.gguf" for number in (1, 2, 3)]
    for part in parts:
        part.write_bytes(b"GGUF" + part.name.encode())

    def digest(model: Path) -> str:
        found = ask_for(str(model), None, ENGINES["llamacpp"], {}, None, sends=False)
        assert found.wanted.model == str(parts[0]), "what llama-server is given"
        assert set(found.weights.hashes or ()) == {part.name for part in parts}
        return found.weights.digest

    before = digest(tmp_path)
    assert [digest(part) for part in parts] == [before] * 3
    parts[1].write_bytes(b"GGUF of another model")
    assert digest(tmp_path) != before
    parts[2].unlink()
    for model in (tmp_path, parts[0]):
        with pytest.raises(UsageError, match=r"lacks m-00003-of-00003\.gguf: 2 of 3 parts"):
            ask_for(str(model), None, ENGINES["llamacpp"], {}, None, sends=True)
