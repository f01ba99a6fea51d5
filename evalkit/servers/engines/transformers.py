"""`transformers serve`, for small models and for trying things out. Its arguments: 5.17 and 5.23 themselves.

It knows no key, tells no context, and takes one name only: the model's, with its revision.
"""

from __future__ import annotations

from evalkit.servers.engine import Command, Engine, Place, Wanted, flags


def command(wanted: Wanted, place: Place) -> Command:
    words = flags(
        host=place.host,
        port=place.port,
        device=wanted.device,
        quantization=wanted.quantization,
        default_seed=wanted.seed,
    )
    return Command(("transformers", "serve", served(wanted), *words, *wanted.extra))


def served(wanted: Wanted) -> str:
    return f"{wanted.model}@{wanted.revision}" if wanted.revision else wanted.model


TRANSFORMERS = Engine(
    "transformers",
    program="transformers",
    package="transformers",
    command=command,
    served=served,
    install='pip install "transformers[serving]"',
    keyed=False,
    unsupported=(
        *("served_name", "context", "parallel", "gpu_memory"),
        *("tool_parser", "reasoning_parser", "chat_template"),
    ),
    source="transformers 5.23, `transformers serve --help`, read 2026-11",
)
