"""Ollama and LM Studio, by a server of ours that speaks as they do."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from evalkit.errors import ContextExceeded, UsageError
from evalkit.model import Model
from evalkit.models.registry import open_model
from evalkit.servers.life import ServerError
from evalkit.serving import How, open_served
from evalkit.serving.connect import NEIGHBOURS
from tests.serving.conftest import asking

ANSWERS: dict[str, dict[str, Any]] = {
    "ollama": {
        "/api/version": {"version": "0.13.1"},
        "/v1/models": {"data": [{"id": "small:latest"}, {"id": "large:70b"}]},
        "/api/ps": {"models": [{"name": "small:latest", "context_length": 4096}]},
    },
    "lmstudio": {
        "/v1/models": {"data": [{"id": "small"}]},
        "/api/v0/models": {"data": [{"id": "small", "loaded_context_length": 4096}]},
    },
}


@contextmanager
def neighbour(name: str, bodies: list[dict[str, Any]]) -> Iterator[str]:
    """Where it listens. It cuts each prompt to its context, without a word."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = ANSWERS[name].get(self.path)
            self.say(404 if known is None else 200, known)

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            bodies.append(asked)
            read = min(2000, sum(len(m["content"]) for m in asked["messages"]) // 4)
            choice = {"index": 0, "finish_reason": "stop", "message": {"content": "Hi"}}
            usage = {"prompt_tokens": read, "completion_tokens": 1}
            self.say(200, {"choices": [choice], "usage": usage})

        def say(self, status: int, body: Any) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *words: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def opened(name: str, model: str = "small", context: int | None = None, **given: object) -> Model:
    return open_model(
        model, max_attempts=1, factory=lambda opening: open_served(opening, name, given, context, How())
    )


@pytest.mark.parametrize("name", NEIGHBOURS)
async def test_it_is_found_at_its_place_and_used_honestly(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bodies: list[dict[str, Any]] = []
    with neighbour(name, bodies) as place:
        monkeypatch.setenv(NEIGHBOURS[name][2], place)
        model = opened(name)
        assert model.describe() == {"backend": name, "id": "small:latest" if name == "ollama" else "small"}
        assert (await model.complete(asking(top_k=5))).text == "Hi"
        said = bodies[-1]
        assert (said["temperature"], said["top_p"], said["presence_penalty"]) == (1.0, 1.0, 0.0)
        account = model.account()  # type: ignore[attr-defined]
        assert account["context"] == 4096
        assert ("the server ignores top_k" in account["remarks"]) is (name == "ollama")
        with pytest.raises(
            ContextExceeded, match=r"of 40,000 characters the server read 2,000 tokens, as many"
        ):
            await model.complete(asking("a" * 40_000))
        before = len(bodies)
        with pytest.raises(ContextExceeded, match=r"the prompt has 90,000 characters, the context 4,096"):
            await model.complete(asking("a" * 90_000))
        assert len(bodies) == before
        await model.close()


async def test_less_context_than_it_has_is_kept_to(monkeypatch: pytest.MonkeyPatch) -> None:
    with neighbour("ollama", []) as place:
        monkeypatch.setenv("OLLAMA_HOST", place)
        model = opened("ollama", context=100)
        assert model.describe()["context"] == 100
        with pytest.raises(ContextExceeded, match=r"the prompt has 4,000 characters, the context 100"):
            await model.complete(asking("a" * 4_000))
        await model.close()
        more = opened("ollama", context=9000)
        with pytest.raises(ServerError, match=r"serves 4,096 tokens of context, not 9,000"):
            await more.complete(asking())
        await more.close()


def test_what_is_missing_is_said_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    with pytest.raises(UsageError, match=r"ollama does not answer at http://127\.0\.0\.1:9") as told:
        opened("ollama")
    assert "ollama serve" in told.value.hint
    monkeypatch.setenv("OLLAMA_HOST", "http://127.0.0.1:x")
    with pytest.raises(UsageError, match=r"OLLAMA_HOST: 'http://127\.0\.0\.1:x' is no address"):
        opened("ollama")
    with neighbour("ollama", []) as place:
        monkeypatch.setenv("OLLAMA_HOST", f"http://{place}")
        with pytest.raises(UsageError, match="ollama has no model 'other'") as told:
            opened("ollama", "other")
        assert "ollama pull other" in told.value.hint
        with pytest.raises(UsageError, match="--quantization: ollama is started by you"):
            opened("ollama", quantization="fp8")
