"""An engine for tests: a program called `vllm`, found on the path, that is tests/servers/stub.py."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from evalkit.model import Message, Request, Sampling, Tool
from evalkit.models.registry import open_model
from evalkit.servers import life, records
from evalkit.serving import How, open_served, stop_all
from evalkit.serving.model import ServedModel
from evalkit.task import Task
from tests.servers import stub

TASK = Task("t/1", {"prompt": "a prompt"})


@pytest.fixture
def engine_folder(tmp_path: Path) -> Path:
    """A folder for the path, with the program in it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "vllm"
    program.write_text(f'#!/bin/sh\nshift\nexec "{sys.executable}" "{stub.__file__}" "$@"\n')
    program.chmod(0o755)
    return folder


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """What looks like a model of the hub's, of no use to anyone."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    (folder / "config.json").write_text('{"max_position_embeddings": 4096}')
    (folder / "model.safetensors").write_bytes(bytes(1000))
    return folder


@pytest.fixture
def faults(
    tmp_path: Path, engine_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], None]]:
    """Says how the engine is to behave from now on. Afterwards nothing of it may be left."""
    monkeypatch.setenv("EVALKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("EVALKIT_SERVER_GRACE_S", "0.5")
    monkeypatch.setattr(life, "LOOK_S", 0.02)
    monkeypatch.setenv("PATH", f"{engine_folder}{os.pathsep}{os.environ['PATH']}")
    yield lambda words: monkeypatch.setenv("STUB_FAULTS", words)
    stop_all()
    assert list(records.records()) == []


def opened(model: Path | str, how: How | None = None, **given: object) -> ServedModel:
    """A model behind the engine; `context` and what Settings.server may hold."""
    context = given.pop("context", None)
    assert context is None or isinstance(context, int)
    made = open_model(
        str(model),
        concurrency=16,
        max_attempts=4,
        factory=lambda opening: open_served(opening, "vllm", given, context, how or How()),
    )
    assert isinstance(made, ServedModel)
    return made


def asking(text: str = "Hello", *, tools: tuple[Tool, ...] = (), **sampling: int | float) -> Request:
    return Request(TASK, 0, (Message("user", text),), sampling=Sampling(**sampling), tools=tools)  # type: ignore[arg-type]
