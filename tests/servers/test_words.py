"""What engines' last lines mean."""

from __future__ import annotations

import pytest

from evalkit.servers.words import cause_in, diagnose


@pytest.mark.parametrize(
    ("says", "why"),
    [
        ("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate", "GPU's memory does not suffice"),
        ("OSError: [Errno 98] Address already in use", "port is taken"),
        ("Access to model x/y is restricted. 403 Client Error", "hub does not give out"),
        ("RuntimeError: Failed to infer device type", "no GPU"),
        ("OSError: x is not a local folder and is not a valid model identifier", "does not find the model"),
        ("vllm: error: unrecognized arguments: --foo", "does not know an argument"),
        ("gguf_init_from_reader: failed to read header\nfailed to load model", "files are damaged"),
        ("ModuleNotFoundError: No module named 'torch'", "installation is broken"),
        (
            "KeyError: 'invalid tool call parser: nope (chose from { apertus,hermes })'",
            "no parser of that name",
        ),
        (
            "KeyError: \"Reasoning parser 'nope' not found. Available parsers: qwen3\"",
            "no parser of that name",
        ),
        (
            "Value error, Unknown quantization method: nope. Must be one of ['awq', 'fp8']",
            "no such quantisation",
        ),
        (
            "Value error, User-specified max_model_len (100000) is greater than the derived max_model_len"
            " (max_position_embeddings=4096.0 or model_max_length=None in model's config.json).",
            "not made for so long a context",
        ),
        ("ValueError: Available memory is less than requested memory for kv (40.0 GiB).", "for its cache"),
        ("ggml_backend_cuda: cudaMalloc failed: out of", "GPU's memory does not suffice"),
        ("something nobody has seen", ""),
    ],
)
def test_last_words_say_why(says: str, why: str) -> None:
    found = diagnose(f"INFO loading\n{says}\n")
    assert why in found.why
    assert bool(found.hint) is bool(why)


def test_the_cause_is_shown_where_it_is_far_above_the_end() -> None:
    """As vLLM 0.32 died of damaged weights and of too large a cache."""
    after = "".join(f"  File {n}\n" for n in range(60)) + "RuntimeError: Engine core initialization failed.\n"
    damaged = "(Worker pid=1) ERROR safetensors._safetensors_rust.SafetensorError: incomplete metadata"
    assert cause_in(f"loading\n{damaged}\n{after}") == damaged
    unknown = "(Worker pid=1) ERROR ValueError: nobody has seen this"
    assert cause_in(f"loading\n{unknown}\n{after}") == unknown
    assert cause_in(f"loading\n{unknown}\n") == ""  # it is shown anyway
    assert cause_in("loading\n") == ""
