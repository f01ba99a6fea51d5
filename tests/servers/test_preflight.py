"""What is known before an engine starts: memory, files, the hub's cache."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from evalkit.errors import UsageError
from evalkit.servers.engine import Place, Wanted, label, metric
from evalkit.servers.engines import ENGINES
from evalkit.servers.gpus import Gpu
from evalkit.servers.hub import ask_hub, cached_snapshot
from evalkit.servers.preflight import check_memory, need, visible
from evalkit.servers.weights import Weights, weights_of

GB = 10**9
VLLM = ENGINES["vllm"]
CARDS = tuple(Gpu(i, "card", "1", 24 * GB, free * GB) for i, free in enumerate((23, 20, 4)))
METRICS = """\
# HELP vllm:num_preemptions_total Cumulative number of preemptions
vllm:num_preemptions_total{engine="0",model_name="m"} 3.0
vllm:num_preemptions_total{engine="1",model_name="m"} 4.0
vllm:cache_config_info{block_size="16",cache_dtype="auto",num_gpu_blocks="2048"} 1.0
"""


def check(size: float, wanted: Wanted, **weights: object) -> None:
    found = replace(Weights(size=int(size * GB)), **weights)  # type: ignore[arg-type]
    check_memory(VLLM, wanted, need(found, wanted), CARDS)


def test_weights_that_do_not_fit_are_found_before_the_engine_finds_out() -> None:
    check(19, Wanted("m"))
    with pytest.raises(
        UsageError, match=r"m has 61\.0 GB of weights, and free on the GPU: 23 of 24 GB"
    ) as told:
        check(61, Wanted("m"))
    assert "--tensor-parallel" in told.value.hint
    check(35, Wanted("m", parallel=2))
    check(35, Wanted("m", quantization="fp8"))
    check(35, Wanted("m", quantization="fp8_per_block"))  # engines learn new ones: it is theirs to say
    with pytest.raises(UsageError):
        check(35, Wanted("m", quantization="fp8"), quantized="fp8")  # they are no smaller for it
    with pytest.raises(UsageError):
        check(19, Wanted("m", gpu_memory=0.5))
    with pytest.raises(UsageError, match="--tensor-parallel 4, and 3 GPUs are here"):
        check(1, Wanted("m", parallel=4))
    check(1000, Wanted("m", device="cpu"))
    check(0, Wanted("m"))  # not known: the engine's to say


def test_cards_that_are_hidden_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2")
    assert [gpu.index for gpu in visible(CARDS)] == [2]
    with pytest.raises(UsageError, match="free on the GPU: 4 of 24 GB"):
        check(10, Wanted("m"))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-1f2e")
    assert len(visible(CARDS)) == 3


def test_a_model_s_files_say_its_size_its_shape_and_which_it_is(tmp_path: Path) -> None:
    config: dict[str, int | str] = {
        "max_position_embeddings": 32768,
        "num_hidden_layers": 48,
        "hidden_size": 2048,
        "head_dim": 128,
    }
    config |= {"num_attention_heads": 32, "num_key_value_heads": 4, "dtype": "bfloat16"}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "model-1.safetensors").write_bytes(b"a" * 5_000_000)
    (tmp_path / "README.md").write_text("words")
    found = weights_of(tmp_path)
    assert (found.size, found.context, found.dtype) == (5_000_000, 32768, "bfloat16")
    assert found.kv_bytes == 2 * 48 * 4 * 128 * 2
    assert found.hashes is not None
    assert set(found.hashes) == {"config.json", "model-1.safetensors"}
    changed = bytearray(b"a" * 5_000_000)
    changed[2_500_000] = 98
    (tmp_path / "model-1.safetensors").write_bytes(changed)
    assert weights_of(tmp_path).digest != found.digest


def test_what_the_hub_s_client_fetched_is_found_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    model = tmp_path / "hub" / "models--org--name"
    snapshot = model / "snapshots" / "abc123"
    snapshot.mkdir(parents=True)
    (model / "refs").mkdir()
    (model / "refs" / "main").write_text("abc123")
    assert cached_snapshot("org/name") is None  # its weights are not there
    (snapshot / "model.safetensors").write_bytes(b"a")
    (snapshot / "config.json").write_text("{}")
    assert cached_snapshot("org/name") == snapshot
    assert cached_snapshot("org/name", "abc123") == snapshot
    assert cached_snapshot("org/other") is None
    found = weights_of(snapshot)
    assert (found.revision, set(found.hashes or ())) == ("abc123", {"config.json"})
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(UsageError, match="HF_HUB_OFFLINE forbids"):
        ask_hub("org/never")


def test_what_engines_say_of_themselves_is_read() -> None:
    assert metric(METRICS, "vllm:num_preemptions_total") == 7
    assert metric(METRICS, "vllm:num_preemptions") is None
    assert label(METRICS, "vllm:cache_config_info", "num_gpu_blocks") == "2048"
    assert VLLM.kv_tokens is not None
    assert VLLM.kv_tokens[1](METRICS) == 32768


def test_a_label_is_not_the_end_of_another_s_name() -> None:
    """What vLLM 0.32 said, in part: it has several sizes of blocks, and says the tokens."""
    said = (
        'vllm:cache_config_info{_block_size_resolved="True",block_size="128",hash_block_size="None",'
        'kv_cache_size_tokens="2097152",num_gpu_blocks="16384",num_gpu_blocks_override="None"} 1.0\n'
    )
    assert VLLM.kv_tokens is not None
    assert VLLM.kv_tokens[1](said) == 2_097_152
    turned = said.replace('block_size="128",hash_block_size="None"', 'hash_block_size="8",block_size="128"')
    assert label(turned, "vllm:cache_config_info", "block_size") == "128"
    assert VLLM.kv_tokens[1](turned.replace("2097152", "None")) == 128 * 16384
    assert label(said, "vllm:cache_config_info", "size") == ""


@pytest.mark.parametrize("name", ["vllm", "sglang"])
def test_a_prompt_is_counted_with_all_that_its_template_is_given(name: str) -> None:
    asked: list[tuple[str, dict[str, Any]]] = []

    def ask(path: str, body: Any) -> tuple[int, Any]:
        asked.append((path, body))
        return (200, {"count": 29, "max_model_len": 2048, "tokens": [0]}) if len(asked) == 1 else (400, {})

    count = ENGINES[name].count
    assert count is not None
    body = {"model": "m", "messages": [], "tools": [{}], "chat_template_kwargs": {"enable_thinking": False}}
    assert count(ask, {**body, "temperature": 0, "max_tokens": 9}) == 29
    assert asked == [("/tokenize", body)]
    assert count(ask, body) is None


def test_sglang_is_a_program_of_its_own() -> None:
    """It wants another `openai` than evalkit does, so the two are never in one Python."""
    engine = ENGINES["sglang"]
    argv = engine.command(Wanted("m", context=9, parallel=2, gpu_memory=0.5), Place("127.0.0.1", 1, "k")).argv
    assert argv[:4] == ("sglang", "serve", "--model-path", "m")
    assert {"--context-length", "--tp-size", "--mem-fraction-static", "--enable-metrics"} < set(argv)
    assert engine.version is not None
    assert engine.kv_tokens is not None
    info = {"version": "0.5.23", "max_total_num_tokens": 4096, "context_length": None}
    assert (engine.version[1](info), engine.kv_tokens[1](info)) == ("0.5.23", 4096)


def test_llama_server_has_the_whole_context_in_each_slot() -> None:
    place = Place("127.0.0.1", 1)
    argv = ENGINES["llamacpp"].command(Wanted("m.gguf", context=1000), place).argv
    assert argv[argv.index("--ctx-size") + 1] == "4000"
    assert argv[argv.index("--parallel") + 1] == "4"
    own = Wanted("m.gguf", context=1000, extra=("-np", "8"))
    argv = ENGINES["llamacpp"].command(own, place).argv
    assert argv[argv.index("--ctx-size") + 1] == "8000"
    assert "--parallel" not in argv


@pytest.mark.parametrize("name", ["vllm", "sglang", "llamacpp"])
def test_what_is_left_open_is_sent_as_what_changes_nothing(name: str) -> None:
    said = ENGINES[name].speak({"model": "m", "temperature": 0, "repetition_penalty": 1.1})
    assert said["temperature"] == 0
    assert said.get("repetition_penalty", said.get("repeat_penalty")) == 1.1
    assert (said["top_p"], said["min_p"], said["top_k"]) == (1.0, 0.0, 0 if name == "llamacpp" else -1)


def test_transformers_samples_only_where_its_configuration_says_so() -> None:
    speak = ENGINES["transformers"].speak
    said = speak({"model": "m", "temperature": 0.7, "top_k": 20, "max_tokens": 9})
    config = json.loads(said["generation_config"])
    assert set(said) == {"model", "max_tokens", "generation_config"}
    assert config == {
        "do_sample": True,
        "repetition_penalty": 1.0,
        "temperature": 0.7,
        "top_p": 1.0,
        "top_k": 20,
    }
    greedy = json.loads(speak({"model": "m", "temperature": 0})["generation_config"])
    assert greedy == {"do_sample": False, "repetition_penalty": 1.0, "max_new_tokens": 1024}


SIBLINGS = [
    {"rfilename": "config.json", "size": 9},
    {"rfilename": "model-1.safetensors", "size": 3_000},
    {"rfilename": "model-2.safetensors", "size": 4_000},
    {"rfilename": "pytorch_model.bin", "size": 7_000},  # the same weights once more
]


class Hub(BaseHTTPRequestHandler):
    """Answers as the hub does: one model, one that is gated, nothing else."""

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/api/models/org/open":
            body = {"id": "org/open", "sha": "abc123", "siblings": SIBLINGS}
            self.say(200, json.dumps(body).encode())
        elif path == "/api/models/org/gated":
            self.say(403, b"{}", "GatedRepo")
        elif path.startswith("/api/models/org/open/revision/"):
            self.say(404, b"{}", "RevisionNotFound")
        elif path == "/api/models/org/broken":
            self.say(500, b"{}")
        else:
            self.say(404, b"{}", "RepoNotFound")

    def say(self, status: int, body: bytes, code: str = "") -> None:
        self.send_response(status)
        if code:
            self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *words: object) -> None:
        pass


def test_the_hub_is_asked_whether_it_gives_the_model_out(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("huggingface_hub", reason="the hub's client comes with the extra hub")
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    try:
        found = ask_hub("org/open")
        assert (found.size, found.revision, found.why) == (7_000, "abc123", "")
        with pytest.raises(UsageError, match="the hub does not give out org/gated") as told:
            ask_hub("org/gated")
        assert "HF_TOKEN" in told.value.hint
        with pytest.raises(UsageError, match="no revision v9 of org/open"):
            ask_hub("org/open", "v9")
        with pytest.raises(UsageError, match="no model org/absent"):
            ask_hub("org/absent")
        assert "not in reach" in ask_hub("org/broken").why  # the engine may fare better
    finally:
        server.shutdown()
        server.server_close()
        ask_hub.cache_clear()
