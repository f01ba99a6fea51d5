"""Flags of models that are served on this machine."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import Any

from evalkit.cli.parser import Parser, number, seconds, whole

SERVER = (  # of Settings.server: evalkit/serving/asked.py
    *("parallel", "quantization", "gpu_memory", "tool_parser", "reasoning_parser"),
    *("chat_template", "revision", "device", "extra"),
)
STARTED = ("vllm", "sglang", "llamacpp", "transformers", "hf")  # backends that take a path
FITTED = ("vllm", "sglang", "llamacpp")  # that say what their caches hold
MOST_FITTED = 256


def add_backend(parser: Parser) -> None:
    group = parser.add_argument_group(
        "backend",
        "vllm, sglang, llamacpp, transformers: evalkit starts the server, and ends it. ollama, lmstudio: one"
        " that runs. hf: in this process. docs/local-models.md",
    )
    group.add_argument("--backend", metavar="NAME", help="what answers (default: found by the model's name)")
    group.add_argument("--stream", action="store_true", help="ask for replies as streams")
    add_server(group)
    group.add_argument("--keep-server", action="store_true", help="leave it running: evalkit server")


def add_server(group: Any) -> None:
    """How a server is started. But for these of `add_place`, what is given is part of the run."""
    group.add_argument("--quantization", metavar="NAME", default="", help="fp8, awq, bnb-4bit, ...")
    group.add_argument(
        "--tool-call-parser",
        dest="tool_parser",
        metavar="NAME",
        default="",
        help="the engine's parser of tool calls (default: the catalog's)",
    )
    group.add_argument("--reasoning-parser", metavar="NAME", default="", help="and of thoughts")
    group.add_argument("--chat-template", metavar="FILE", default="", help="another one than the model's")
    group.add_argument("--revision", metavar="NAME", default="", help="of the model on the hub")
    group.add_argument(
        "--server-arg",
        dest="extra",
        type=_words,
        action="append",
        default=[],
        metavar="ARG",
        help='goes to the engine as it is: --server-arg="--max-num-seqs 64"; may be repeated',
    )
    add_place(group)


def add_place(group: Any) -> None:
    """What is the machine's, and may be another when a run is continued."""
    group.add_argument(
        "--tensor-parallel", dest="parallel", type=whole(1), metavar="N", help="spread it over N GPUs"
    )
    group.add_argument(
        "--gpu-memory", type=number(0.01, 1.0), metavar="SHARE", help="of each GPU's memory that it may take"
    )
    group.add_argument("--device", metavar="NAME", default="", help="cuda, cpu, ... where the engine asks")
    group.add_argument(
        "--port", type=whole(1, 65535), metavar="N", help="where it listens (default: a free one)"
    )
    group.add_argument(
        "--server-timeout",
        type=seconds,
        metavar="TIME",
        help="for it to be ready (default: 15 minutes, and 20 s for each GB of weights)",
    )


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as e:
        raise argparse.ArgumentTypeError(f"{text!r} cannot be read as words of a shell: {e}") from None


def given_server(args: argparse.Namespace, model: str) -> dict[str, Any]:
    """How a local server is to be started: what was given of it, paths made absolute."""
    given = {name: getattr(args, name) for name in SERVER if getattr(args, name, None)}
    if "extra" in given:
        given["extra"] = [word for words in given["extra"] for word in words]
    if "chat_template" in given and Path(given["chat_template"]).exists():
        given["chat_template"] = str(Path(given["chat_template"]).resolve())
    if args.backend in STARTED and Path(model).expanduser().exists():
        given["model"] = str(Path(model).expanduser().resolve())
    return given
