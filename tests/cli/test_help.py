"""Help, names and spelling; and that help loads nothing heavy."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from evalkit.cli import VERBS
from tests.cli.conftest import Evalkit

NETWORK = {"openai", "docker", "aiohttp", "httpx", "datasets"}
HEAVY = NETWORK | {"pandas", "numpy", "pyarrow", "tqdm", "jinja2", "sqlite3"}


def loaded_by(*words: str) -> set[str]:
    """The modules that a command has loaded when it ends."""
    code = f"import sys\nfrom evalkit.cli import main\ntry: main({list(words)!r})\nexcept SystemExit: pass\n"
    done = subprocess.run(
        [sys.executable, "-c", code + "print(*sys.modules)"], capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("words", [("--help",), ("--version",), (), ("rnu",)])
def test_top_level_loads_nothing_heavy(words: tuple[str, ...]) -> None:
    loaded = loaded_by(*words)
    assert "evalkit" in loaded
    assert not loaded & HEAVY


def test_top_help_does_not_even_look_for_plug_ins() -> None:
    assert not loaded_by("--help") & {"importlib.metadata", "argparse", "asyncio"}


@pytest.mark.parametrize(
    "words",
    [
        ("table", "--published", "launch"),
        ("suites",),
        ("models", "qwen3-coder"),
        ("run", "mini", "--model", "oracle", "--dry-run"),
    ],
)
def test_what_needs_no_statistics_and_no_network_loads_none(words: tuple[str, ...]) -> None:
    """scipy.stats alone takes longer than all the rest."""
    assert not loaded_by(*words) & (NETWORK | {"pandas", "numpy", "scipy"})


def test_help_of_no_verb_loads_anything_heavy() -> None:
    code = f"""
import sys
from evalkit.cli import main
for verb in {[*VERBS]!r}:
    try: main([verb, "--help"])
    except SystemExit: pass
    print("loaded by", verb, *{HEAVY!r} & {{*sys.modules}})
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = [line for line in done.stdout.splitlines() if line.startswith("loaded by")]
    assert loaded == [f"loaded by {verb}" for verb in VERBS]


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_each_verb(called: Evalkit, verb: str) -> None:
    shown = called(verb, "--help")
    assert shown.code == 0
    assert shown.stdout.startswith(f"usage: evalkit {verb}")
    assert f"examples:\n  evalkit {verb}" in shown.stdout
    assert shown.stderr == ""


def test_top_help_names_every_verb(evalkit: Evalkit) -> None:
    shown = evalkit("--help")
    assert shown.code == 0
    listed = [line.split()[0] for line in shown.stdout.splitlines() if line.startswith("  ") and line.strip()]
    assert listed[: len(VERBS)] == list(VERBS)


def test_help_of_a_suite_shows_its_options(called: Evalkit) -> None:
    shown = called("run", "mini", "--help")
    assert "options of mini (Mini):" in shown.stdout
    assert "--timeout NUMBER" in shown.stdout
    assert "default: 10.0" in shown.stdout


def test_no_verb_is_a_usage_error(called: Evalkit) -> None:
    assert called().code == 2


@pytest.mark.parametrize(
    ("words", "hints"),
    [
        (("rnu",), ("unknown verb 'rnu'", "did you mean run?")),
        (("run", "mni", "--model", "oracle"), ("unknown suite 'mni'", "did you mean mini?")),
        (
            ("run", "mini", "--model", "qwen3-codr"),
            ("unknown model 'qwen3-codr'", "did you mean qwen3-coder"),
        ),
        (
            ("run", "mini", "--model", "oracle", "--temprature", "0"),
            ("--temprature", "did you mean --temperature"),
        ),
        (("run", "mini", "--model", "oracle", "--timeout", "x"), ("--timeout needs a float",)),
        (("run", "mini", "--model", "oracle", "--temperature", "inf"), ("inf is not at least 0",)),
        (
            ("run", "humaneval", "--model", "oracle", "--protocol", "lmeval"),
            ("'lmeval'", "did you mean lm-eval"),
        ),
        (("run", "mini", "--model", "oracle", "--tasks", "nope"), ("no task 'nope'",)),
        (
            ("run", "mini", "--model", "oracle", "--backend", "vlm"),
            ("unknown backend 'vlm'", "did you mean vllm"),
        ),
        (("run", "mini", "--model", "m", "--backend", "llamacp"), ("did you mean llamacpp",)),
        (("run", "mini", "--model", "m", "--port", "99999"), ("--port: 99999 is more than 65535",)),
        (
            ("run", "mini", "--model", "m", "--server-arg", '"--a'),
            ("--server-arg", "cannot be read as words of a shell"),
        ),
        (("run", "mini", "--model", "oracle", "--scaffold", "one-trun"), ("did you mean one-turn?",)),
        (("run", "mini"), ("which model?",)),
        (("run", "--model", "oracle"), ("which suite?",)),
        (("export", "last", "--format", "jsnl"), ("did you mean jsonl?",)),
        (("models", "qwen3-codr"), ("did you mean qwen3-coder",)),
        (("show", "last"), ("no run 'last'", "no runs in results yet")),
    ],
)
def test_names_mistyped(called: Evalkit, words: tuple[str, ...], hints: tuple[str, ...]) -> None:
    called(*words).refused(2, *hints)


def test_a_model_of_ones_own_is_shown_with_its_id(called: Evalkit, tmp_path: Path) -> None:
    (tmp_path / "models.toml").write_text(
        '[models.mine]\nid = "my-org/mine"\nbase_url = "http://localhost:1/v1"\n'
    )
    assert "ids\n    my-org/mine\n" in called("models", "mine").stdout


@pytest.mark.parametrize(
    ("flag", "value", "hint"),
    [
        ("--limit", "0", "less than 1"),
        ("--limit", "some", "not a whole number"),
        ("--temperature", "nan", "at least 0"),
        ("--top-p", "1.5", "from 0 to 1"),
        ("--max-time", "soon", "90, 90s, 10m, 2h"),
        ("--max-time", "0", "no time"),
        ("--extra-body", "{", "not valid JSON"),
        ("--extra-body", "[1]", "JSON object"),
        ("--tasks", "@nowhere.txt", "cannot read nowhere.txt"),
        ("--max-error-rate", "2", "from 0 to 1"),
        ("--reasoning-effort", "hihg", "did you mean high"),
    ],
)
def test_values_that_cannot_be(called: Evalkit, flag: str, value: str, hint: str) -> None:
    called("run", "mini", "--model", "oracle", flag, value).refused(2, flag, hint)


def test_debug_shows_where_it_happened(evalkit: Evalkit) -> None:
    shown = evalkit("run", "mni", "--model", "oracle", EVALKIT_DEBUG="1")
    assert shown.code != 0
    assert "Traceback" in shown.stderr


def test_closed_streams_are_no_error() -> None:
    command = f"{sys.executable} -m evalkit --help >&- 2>&-"
    assert subprocess.run(["bash", "-c", command], check=False).returncode == 0


def test_interrupted_before_anything_began(tmp_path: Path) -> None:
    """The command is held where it reads its list of tasks."""
    os.mkfifo(tmp_path / "tasks")
    command = [sys.executable, "-m", "evalkit", "run", "mini", "--model", "oracle", "--tasks", "@tasks"]
    held = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with (tmp_path / "tasks").open("w"):  # opens once the command has opened it
        held.send_signal(signal.SIGINT)
        out, err = held.communicate(timeout=60)
    assert (held.returncode, out) == (130, "")
    assert err == "evalkit: error: interrupted\n  the same command again continues where this one stopped\n"
    assert not (tmp_path / "results").exists()


def test_reader_that_stops_reading_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "evalkit", "--help"], stdout=write, stderr=subprocess.PIPE, check=False
    )
    os.close(write)
    assert done.returncode == 141
    assert done.stderr == b""
