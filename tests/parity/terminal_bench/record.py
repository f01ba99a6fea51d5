"""Ask the authors' own parsers about every case, and write down what they say.

    python -m tests.parity.terminal_bench.record -o tests/parity/verdicts/terminal_bench.jsonl

In an environment with `terminal-bench` and `harbor` (0.2.18 and 0.25.0 were recorded; Python 3.13) and this
repository as working directory; evalkit need not be there. A second, no container, no network.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import platform
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from .cases import REWARDS, Left, screens


def official_screen(parser: str, text: str) -> Any:
    """[whether each named test passed, whether the task is resolved], or {"raises": its name}."""
    factory = importlib.import_module("terminal_bench.parsers.parser_factory")
    harness = importlib.import_module("terminal_bench.harness.harness").Harness
    try:
        found = factory.ParserFactory.get_parser(factory.ParserName(parser)).parse(text)
    except Exception as e:
        return {"raises": type(e).__name__}
    resolved = harness._is_resolved(SimpleNamespace(), found)
    return [{name: status.value == "passed" for name, status in found.items()}, resolved]


def official_reward(left: Left, folder: Path) -> Any:
    """The rewards, or {"raises": its name}: reward.json where it exists, else reward.txt."""
    verifier = importlib.import_module("harbor.verifier.verifier")
    result = importlib.import_module("harbor.models.verifier.result").VerifierResult
    paths = SimpleNamespace(reward_json_path=folder / "reward.json", reward_text_path=folder / "reward.txt")
    for path, data in ((paths.reward_json_path, left.json), (paths.reward_text_path, left.text)):
        path.unlink(missing_ok=True)
        if data is not None:
            path.write_bytes(data)
    asked = verifier.Verifier.__new__(verifier.Verifier)
    asked.trial_paths = paths
    try:
        if paths.reward_json_path.exists():
            return result(rewards=asked._parse_reward_json()).rewards
        if paths.reward_text_path.exists():
            return result(rewards=asked._parse_reward_text()).rewards
    except Exception as e:
        return {"raises": type(e).__name__}
    return {"raises": "RewardFileNotFoundError"}


def rows() -> Iterator[Any]:
    yield {
        "terminal-bench": version("terminal-bench"),
        "harbor": version("harbor"),
        "python": platform.python_version(),
    }
    for parser, text in screens():
        yield [parser, hashlib.sha256(text.encode()).hexdigest()[:16], official_screen(parser, text)]
    with tempfile.TemporaryDirectory() as folder:
        for number, left in enumerate(REWARDS):
            yield ["reward", number, official_reward(left, Path(folder))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", type=Path, required=True)
    with parser.parse_args().o.open("w") as out:
        for row in rows():
            out.write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
