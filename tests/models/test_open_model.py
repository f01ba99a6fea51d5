"""From what is typed after --model to a model: names, URLs, keys, backends; and what is refused."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from evalkit.errors import UsageError
from evalkit.model import Model, Sampling
from evalkit.models import Opening, backend_names, open_model, registry
from evalkit.models.access import is_local
from evalkit.models.api import OpenAIModel
from evalkit.models.usage import Price
from tests.models.calling import ask, endpoint

LOCAL = "http://127.0.0.1:1/v1"


@pytest.fixture(autouse=True)
def _no_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in list(os.environ):
        if name.endswith("_API_KEY") or name in ("OPENAI_BASE_URL", "EVALKIT_MODELS"):
            monkeypatch.delenv(name)


def opened(spec: str, **options: Any) -> OpenAIModel:
    model = open_model(spec, **options)
    assert isinstance(model, OpenAIModel)
    return model


def test_a_catalog_name_at_its_first_provider_with_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NVIDIA_API_KEY", "secret-key")
    model = opened("qwen3-coder")
    assert model.name == "qwen3-coder"
    assert model.describe() == {
        "backend": "openai",
        "id": "qwen/qwen3-coder-480b-a35b-instruct",
        "base_url": "https://integrate.api.nvidia.com/v1",
    }
    assert model.sampling.top_k == 20
    assert model.price is None  # not in the catalog for this provider: unknown
    monkeypatch.setenv("OPENROUTER_API_KEY", "secret-key")
    preferred = opened("qwen3-coder")
    assert preferred.wire.model == "qwen/qwen3-coder"
    assert preferred.price is not None


def test_a_catalog_name_at_a_url(monkeypatch: pytest.MonkeyPatch) -> None:
    assert opened("qwen3-coder", base_url=LOCAL).wire.model == "Qwen/Qwen3-Coder-480B-A35B-Instruct"
    monkeypatch.setenv("OPENAI_API_KEY", "secret-key")
    monkeypatch.setenv("OPENAI_BASE_URL", "https://openrouter.ai/api/v1/")
    assert opened("qwen3-coder").wire.model == "qwen/qwen3-coder"
    with pytest.raises(UsageError, match="does not know what openai calls qwen3-coder"):
        opened("qwen3-coder", base_url="https://api.openai.com/v1")


def test_an_entry_with_a_place_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "models.toml").write_text(
        "[models.mine]\nid = 'served'\nbase_url = 'http://box:8000/v1'\nprice = { input = 1, output = 2 }"
    )
    monkeypatch.setenv("OPENAI_BASE_URL", "https://example.com/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "secret-key")
    model = opened("mine")
    assert model.describe() == {"backend": "openai", "id": "served", "base_url": "http://box:8000/v1"}
    assert model.price == Price(1, 2)
    assert model.access.key.reveal() == "none"
    assert opened("mine", base_url=LOCAL).describe()["base_url"] == LOCAL
    assert opened("mine", base_url=LOCAL).access.key.reveal() == "secret-key"


def test_the_users_sampling_wins_over_the_catalog() -> None:
    model = opened(
        "qwen3-coder",
        base_url=LOCAL,
        sampling_overrides=Sampling(temperature=0.0, max_tokens=9),
        extra_body={"min_p": 0.1},
    )
    assert model.sampling == Sampling(
        temperature=0.0,
        top_p=0.8,
        top_k=20,
        repetition_penalty=1.05,
        max_tokens=9,
        extra_body={"min_p": 0.1},
    )


def test_any_id_at_a_url() -> None:
    assert opened("qwen3-coder:30b", base_url=LOCAL).wire.model == "qwen3-coder:30b"
    assert opened("oracle", base_url=LOCAL, backend="openai").wire.model == "oracle"


def test_openais_own_models_get_their_own_field_for_the_token_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret-key")
    model = opened("gpt-x", base_url="https://api.openai.com/v1")
    assert model.wire.max_tokens_field == "max_completion_tokens"


@pytest.mark.parametrize(
    ("spec", "options", "message", "hint"),
    [
        ("qwen3-codr", {}, "unknown model 'qwen3-codr'", "did you mean qwen3-coder"),
        ("orcale", {}, "unknown model 'orcale'", "did you mean oracle"),
        ("zzz", {}, "unknown model 'zzz'", "--base-url"),
        ("qwen3-coder", {}, "no API key for qwen3-coder", "OPENROUTER_API_KEY"),
        (
            "m",
            {"base_url": "https://example.com/v1"},
            "no API key for https://example.com/v1",
            "OPENAI_API_KEY",
        ),
        ("m", {"base_url": LOCAL, "api_key_env": "NO_SUCH"}, "NO_SUCH, which is not set", "export NO_SUCH"),
        ("m", {"base_url": "example.com/v1"}, "is no base URL", "https://HOST/v1"),
        ("m", {"base_url": "ftp://example.com"}, "is no base URL", "https://HOST/v1"),
        ("m", {"base_url": "http://a:b@host/v1"}, "holds credentials", "--api-key-env"),
        ("m", {"base_url": "ftp://a:b@host/v1"}, "holds credentials", "--api-key-env"),
        ("m", {"base_url": "http://host/v1?key=canary"}, "holds more than a path", "--api-key-env"),
        ("oracle", {"base_url": "http://a:b@host/v1"}, "holds credentials", "--api-key-env"),
        ("m", {"base_url": LOCAL, "api_key_env": "sk-canary"}, "else than a variable's name", "variable"),
        ("m", {"base_url": LOCAL, "extra_body": {"x": {"y": "sk-canary1"}}}, "hold a key", "--api-key-env"),
        ("m", {"base_url": LOCAL, "extra_body": {"x": float("nan")}}, "cannot be sent as JSON", ""),
        ("m", {"base_url": LOCAL, "extra_body": {"Api_Key": "canary"}}, "hold a key", "--api-key-env"),
        ("m", {"base_url": "http://host:99999/v1"}, "cannot read the base URL", "https://HOST/v1"),
        ("m", {"base_url": f"{LOCAL}/chat/completions"}, "not the API's root", "leave out"),
        ("m", {"base_url": LOCAL, "backend": "opnai"}, "unknown backend 'opnai'", "did you mean openai"),
        ("m", {"base_url": LOCAL, "extra_body": {"n": 4}}, "cannot set 'n'", "--samples"),
        ("m", {"base_url": LOCAL, "extra_body": {"stream": True}}, "cannot set 'stream'", "--stream"),
    ],
)
def test_what_is_refused(spec: str, options: dict[str, Any], message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_model(spec, **options)
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "ключ"])
def test_a_key_that_cannot_be_one_is_refused_without_being_shown(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", key)
    with pytest.raises(UsageError, match="MY_KEY holds characters") as caught:
        open_model("m", base_url=LOCAL, api_key_env="MY_KEY")
    assert key not in str(caught.value)


async def test_the_named_key_is_the_one_that_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "another-key")
    monkeypatch.setenv("MY_KEY", " the-right-key\n")
    async with endpoint(api_key="the-right-key") as server:
        model = open_model("m", base_url=server.url, api_key_env="MY_KEY")
        assert (await model.complete(ask())).text == "right"
        await model.close()


def test_no_key_in_what_describes_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "canary-key-1")
    model = open_model("m", base_url="http://host/v1/", api_key_env="MY_KEY")
    assert "canary" not in repr(model.describe())
    assert model.describe()["base_url"] == "http://host/v1"


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://localhost:8000/v1", True),
        ("http://127.0.0.1/v1", True),
        ("http://[::1]:8000/v1", True),
        ("http://192.168.1.5/v1", True),
        ("http://10.0.0.2/v1", True),
        ("http://gpu-box:8000/v1", True),
        ("https://api.openai.com/v1", False),
        ("http://8.8.8.8/v1", False),
    ],
)
def test_what_counts_as_local(url: str, local: bool) -> None:
    assert is_local(url) is local


def test_a_backend_gets_what_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Opening] = []

    def factory(opening: Opening) -> Model:
        asked.append(opening)
        return open_model("null")

    monkeypatch.setitem(registry.BACKENDS, "mine", factory)
    assert "mine" in backend_names()
    assert open_model("mine:x", concurrency=3).name == "null"
    assert open_model("x", backend="mine").name == "null"
    assert [(o.spec, o.concurrency) for o in asked] == [("mine:x", 3), ("x", 64)]


def test_a_backend_is_found_by_its_entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "their_backend.py").write_text(
        "from evalkit.models import open_model\n"
        "def factory(opening):\n"
        "    model = open_model('null')\n"
        "    model.name = f'theirs, asked for {opening.spec}'\n"
        "    return model\n"
    )
    meta = tmp_path / "their_backend-1.dist-info"
    meta.mkdir()
    (meta / "METADATA").write_text("Metadata-Version: 2.1\nName: their-backend\nVersion: 1\n")
    (meta / "entry_points.txt").write_text("[evalkit.backends]\ntheirs = their_backend:factory\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert "theirs" in backend_names()
    assert open_model("theirs:x").name == "theirs, asked for theirs:x"
    assert open_model("x", backend="theirs").name == "theirs, asked for x"


def test_nothing_heavy_is_imported_before_the_first_call() -> None:
    code = (
        "import sys; from evalkit.models import open_model;"
        f"open_model('m', base_url={LOCAL!r}).describe();"
        "print([m for m in ('openai', 'aiohttp', 'httpx2', 'pydantic') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_one_model_serves_one_event_loop_after_another() -> None:
    async def once() -> str:
        async with endpoint() as server:
            model = open_model("m", base_url=server.url)
            text = (await model.complete(ask())).text
            await model.close()
            return text

    assert [asyncio.run(once()), asyncio.run(once())] == ["right", "right"]
