"""The endpoint as a process: its first line, its log, its refusals, its end."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from evalkit.endpoint.process import at_rest, running, stats
from evalkit.errors import EvalkitError


def post(
    url: str, body: Any, path: str = "/chat/completions", key: str = "", timeout: float = 10
) -> tuple[int, str]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    try:
        with urllib.request.urlopen(urllib.request.Request(url + path, data, headers), timeout=timeout) as r:
            return r.status, r.read().decode()
    except urllib.error.HTTPError as e:
        return e.code, e.read().decode()


@pytest.fixture(scope="module")
def plain() -> Iterator[str]:
    with running() as url:
        yield url


def chat(text: str, **more: Any) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": text}], **more}


def test_a_script_a_log_and_the_totals(tmp_path: Path) -> None:
    script, log = tmp_path / "s.jsonl", tmp_path / "log.jsonl"
    script.write_text(json.dumps({"match": "hello", "reply": "a b c"}))
    arguments = ["--script", str(script), "--log", str(log)]
    with running(*arguments, faults=["500 first=1"]) as url:
        assert post(url, chat("hello"))[0] == 500
        status, text = post(url, chat("hello"))
        assert status == 200
        assert json.loads(text)["choices"][0]["message"]["content"] == "a b c"
        assert post(url, chat("hello"))[0] == 200
        totals = stats(url)
    assert totals["requests"] == 3
    assert totals["outcomes"] == {"fault": 1, "complete": 2}
    assert totals["completed_again"] == 1
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(e["attempt"], e["status"], e["fault"], e["outcome"], e["billed"]) for e in entries] == [
        (1, 500, "500", "fault", False),
        (2, 200, "", "complete", True),
        (3, 200, "", "complete", True),
    ]
    assert len({e["key"] for e in entries}) == 1
    assert (entries[1]["prompt_tokens"], entries[1]["completion_tokens"]) == (1, 3)


def test_at_rest_is_when_what_a_client_left_is_in_the_log(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    ask = (
        "import sys, urllib.request as u; u.urlopen(sys.argv[1] + '/chat/completions', sys.argv[2].encode())"
    )
    with running("--echo", "--log", str(log), faults=["stall"]) as url:
        client = subprocess.Popen([sys.executable, "-c", ask, url, json.dumps(chat("x"))])
        while not stats(url)["active"]:
            assert client.poll() is None
        with pytest.raises(TimeoutError, match="not at rest"):
            at_rest(url, within_s=0)
        client.kill()
        client.wait()
        assert at_rest(url)["outcomes"] == {"gone": 1}
        assert json.loads(log.read_text())["outcome"] == "gone"


def test_stops_and_limits_are_kept() -> None:
    with running("--echo") as url:
        cut = json.loads(post(url, chat("one two STOP three", stop=["STOP"]))[1])["choices"][0]
        short = json.loads(post(url, chat("one two three", max_tokens=2))[1])["choices"][0]
    assert (cut["message"]["content"], cut["finish_reason"]) == ("one two ", "stop")
    assert (short["message"]["content"], short["finish_reason"]) == ("one two", "length")


def test_a_stream_says_the_same_as_a_whole_reply() -> None:
    text = "def f():\n\treturn 'x  y'\n\n"
    with running("--echo") as url:
        whole = json.loads(post(url, chat(text))[1])
        raw = post(url, chat(text, stream=True, stream_options={"include_usage": True}))[1]
    events = [json.loads(line[6:]) for line in raw.split("\n") if line.startswith("data: {")]
    assert raw.rstrip().endswith("data: [DONE]")
    parts = [e["choices"][0]["delta"].get("content", "") for e in events if e["choices"]]
    assert "".join(parts) == text == whole["choices"][0]["message"]["content"]
    assert events[-1]["usage"] == whole["usage"]


def test_a_client_that_leaves_is_noticed(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    with running("--latency", "20", "--log", str(log)) as url:
        with begun(url):
            pass
        while not log.read_text():
            time.sleep(0.01)
    entry = json.loads(log.read_text())
    assert (entry["outcome"], entry["billed"]) == ("gone", False)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b"{", "/chat/completions"),
        ([], "/chat/completions"),
        ({"model": "m"}, "/chat/completions"),
        ({"messages": []}, "/chat/completions"),
        ({"messages": ["x"]}, "/chat/completions"),
        ({"model": "m"}, "/completions"),
        (b"[" * 100_000, "/completions"),
    ],
)
def test_bad_requests_are_refused(plain: str, body: Any, path: str) -> None:
    assert post(plain, body, path)[0] == 400
    assert stats(plain)["requests"] == 0


def test_keys_and_models_are_checked() -> None:
    with running("--api-key", "k1", "--model", "m", "--strict-models") as url:
        assert post(url, chat("x"), key="k2")[0] == 401
        assert post(url, chat("x") | {"model": "other"}, key="k1")[0] == 404
        assert post(url, chat("x"), key="k1")[0] == 200
        with urllib.request.urlopen(url + "/models") as response:
            assert [m["id"] for m in json.load(response)["data"]] == ["m"]


@contextmanager
def begun(url: str) -> Iterator[None]:
    """A request that the endpoint has begun to answer; its client leaves when the block ends."""
    host, port = url.removeprefix("http://").removesuffix("/v1").split(":")
    with socket.create_connection((host, int(port))) as connection:
        body = json.dumps(chat("x")).encode()
        head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)
        while not stats(url)["requests"]:
            time.sleep(0.01)
        yield


def test_it_ends_when_asked_even_in_the_middle_of_a_request() -> None:
    command = [sys.executable, "-m", "evalkit.endpoint", "--latency", "600"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        url = process.stdout.readline().strip()
        with begun(url):
            process.terminate()
            assert process.wait(60) == 0
    with pytest.raises(OSError, match="refused"):
        stats(url)


def test_mistakes_are_one_line_and_exit_code_2(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for arguments in (["--fault", "boom"], ["--script", str(tmp_path / "no")], ["--port", port]):
            command = [sys.executable, "-m", "evalkit.endpoint", *arguments]
            done = subprocess.run(command, capture_output=True, text=True, timeout=30)
            assert done.returncode == 2
            assert done.stderr.startswith("endpoint: ")
            assert "Traceback" not in done.stderr
    with pytest.raises(EvalkitError, match="did not start"), running("--fault", "boom"):
        pass
