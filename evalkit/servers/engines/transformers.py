"""`transformers serve`, for small models and for trying things out. Its arguments: 5.17 and 5.23 themselves.

It knows no key, tells no context, and takes one name only: the model's, with its revision.
"""

from __future__ import annotations

import json

from evalkit.servers.engine import Body, Command, Engine, Place, Wanted, flags

OWN = ("temperature", "top_p", "top_k", "min_p", "repetition_penalty")  # of a GenerationConfig
NEW_TOKENS = 1024  # of a reply without a limit, as without a GenerationConfig: with one it would be 20


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


def speak(body: Body) -> Body:
    """It refuses fields that OpenAI's interface has not, and samples only if its GenerationConfig says so: a
    temperature alone leaves it greedy. A whole GenerationConfig may be sent as a text."""
    said = {key: value for key, value in body.items() if key not in OWN}
    temperature = float(body.get("temperature", 1.0))
    config = {"do_sample": temperature > 0, "repetition_penalty": body.get("repetition_penalty", 1.0)}
    config |= {} if "max_tokens" in body else {"max_new_tokens": NEW_TOKENS}
    if temperature > 0:
        top_k = body.get("top_k", 0)
        config |= {"temperature": temperature, "top_p": body.get("top_p", 1.0), "top_k": max(0, top_k)}
        config |= {"min_p": body["min_p"]} if body.get("min_p") else {}
    said["generation_config"] = json.dumps(config)
    return said


TRANSFORMERS = Engine(
    "transformers",
    program="transformers",
    package="transformers",
    command=command,
    served=served,
    install='pip install "transformers[serving]"',
    keyed=False,
    grace_s=5.0,  # it waits for requests that it works on, and is one process with nothing to let go of
    asks_version=("version",),
    speak=speak,
    ignored=("presence_penalty", "reasoning_effort", "logprobs", "tool_choice"),
    unsupported=(
        *("served_name", "context", "parallel", "gpu_memory"),
        *("tool_parser", "reasoning_parser", "chat_template"),
    ),
    source="transformers 5.23, `transformers serve --help`, read 2026-11",
)
