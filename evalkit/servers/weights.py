"""A model's files: how large, of what shape, and which ones exactly."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from evalkit.errors import UsageError

WEIGHTS = (".safetensors", ".gguf", ".bin", ".pt", ".pth")
SMALL = (
    *("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"),
    *("tokenizer.model", "chat_template.jinja", "vocab.json", "merges.txt", "special_tokens_map.json"),
    *("model.safetensors.index.json", "quantization_config.json", "adapter_config.json"),
)
PART = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf")
PIECE = 1 << 20  # bytes of a large file that are looked at, in three places


@dataclass(frozen=True)
class Weights:
    """Sizes in bytes; `kv_bytes` of cache for one token; None and 0 are unknown. `hashes`: SHA-256 by file,
    of weights of their size and three pieces of them; `digest` of all of these. `revision`: the commit that
    the hub's client fetched."""

    path: Path | None = None
    size: int = 0
    context: int | None = None
    kv_bytes: int | None = None
    quantized: str = ""
    dtype: str = ""
    revision: str = ""
    hashes: dict[str, str] | None = None

    @property
    def digest(self) -> str:
        text = json.dumps(self.hashes, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest() if self.hashes else ""


def weights_of(path: Path) -> Weights:
    """Of a folder as the hub's client makes it, or of a file of weights with the other parts of it. What the
    client fetched is known by its commit: its weights are not read."""
    files = parts_of(path) if path.is_file() else sorted(p for p in path.iterdir() if p.is_file())
    files = [file for file in files if file.is_file()]
    revision = path.name if path.parent.name == "snapshots" else ""
    stamp = tuple((file, file.stat().st_size, file.stat().st_mtime_ns) for file in files)
    return _weights(path, revision, stamp)


def parts_of(file: Path) -> list[Path]:
    """All files of a GGUF in parts (NAME-00001-of-00003.gguf), in order, whether they are there or not; any
    other file itself."""
    part = PART.fullmatch(file.name)
    if part is None:
        return [file]
    count = int(part["count"])
    names = (f"{part['stem']}-{number:05}-of-{count:05}.gguf" for number in range(1, count + 1))
    return [file.with_name(name) for name in names]


def check_parts(file: Path) -> None:
    """UsageError where a part of a GGUF in parts is missing."""
    if PART.fullmatch(file.name) is None:
        return
    parts = parts_of(file)
    if missing := [part.name for part in parts if not part.is_file()]:
        few = ", ".join(missing[:3]) + (" ..." if len(missing) > 3 else "")
        raise UsageError(
            f"{file.parent} lacks {few}: {len(parts) - len(missing)} of {len(parts)} parts are there",
            "fetch the rest: engines read all parts of it",
        )


@lru_cache(maxsize=16)
def _weights(path: Path, revision: str, stamp: tuple[tuple[Path, int, int], ...]) -> Weights:
    files = [file for file, _, _ in stamp]
    weights = [file for file in files if file.suffix in WEIGHTS]
    config = _config(path / "config.json") if path.is_dir() else {}
    shape = config.get("text_config", config)
    quantized = config.get("quantization_config")
    return Weights(
        path=path,
        size=sum(file.stat().st_size for file in weights),
        context=_whole(shape.get("max_position_embeddings")),
        kv_bytes=_kv_bytes(shape),
        quantized=str(quantized.get("quant_method", "")) if isinstance(quantized, dict) else "",
        dtype=str(config.get("dtype") or config.get("torch_dtype") or ""),
        revision=revision,
        hashes=dict(_hashes([file for file in files if not revision or file not in weights])),
    )


def _hashes(files: list[Path]) -> Iterator[tuple[str, str]]:
    for file in files:
        if file.name in SMALL or file.suffix == ".py":
            yield file.name, hashlib.sha256(file.read_bytes()).hexdigest()
        elif file.suffix in WEIGHTS:
            yield file.name, _of_large(file)


def _of_large(file: Path) -> str:
    """Weights that were trained further differ nearly everywhere: gigabytes need not be read to see that."""
    size = file.stat().st_size
    digest = hashlib.sha256(str(size).encode())
    with file.open("rb") as opened:
        for place in sorted({0, max(0, size // 2 - PIECE // 2), max(0, size - PIECE)}):
            opened.seek(place)
            digest.update(opened.read(PIECE))
    return digest.hexdigest()


def _config(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _kv_bytes(shape: dict[str, Any]) -> int | None:
    """2 x layers x heads of keys x their width x 2 bytes: of plain attention, an upper bound of others."""
    heads = _whole(shape.get("num_attention_heads"))
    layers, hidden = _whole(shape.get("num_hidden_layers")), _whole(shape.get("hidden_size"))
    if not heads or not layers or not hidden:
        return None
    width = _whole(shape.get("head_dim")) or hidden // heads
    return 2 * layers * (_whole(shape.get("num_key_value_heads")) or heads) * width * 2


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
