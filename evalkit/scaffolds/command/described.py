"""An agent as a TOML file describes it. docs/agents.md is the reference; agents/*.toml are ours.

name = "my-agent"
version = "1.2"

[provided]
folder = "agent"          # beside this file; or tool = "qwen-code" (evalkit tools install qwen-code)
relay = "python3"         # who carries its calls: python3 of the image, or node of the tool

[run]
command = ["python3", "{bundle}/main.py", "--url", "{base_url}"]
prompt = "..."            # {problem} and {root} in it
prompt_by = "stdin"       # or "argument": {prompt} in the command
quiet_s = 1800            # seconds without a call, or an end, that are too many

[env]
OPENAI_API_KEY = "{key}"

[files]                   # put into {home} before it starts
"settings.json" = "{}"
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from evalkit.errors import UsageError

HOME, BUNDLE = "/tmp/evalkit-agent", "/opt/evalkit-agent"  # in the workspace
QUIET_S = 1800.0
RELAYS = ("python3", "node")
PROMPTS = ("stdin", "argument")


@dataclass(frozen=True)
class Agent:
    """`prompt` holds {problem} and {root}; the words of `command`, `env` and `files` what `Places` has."""

    name: str
    version: str
    command: tuple[str, ...]
    prompt: str
    prompt_by: Literal["stdin", "argument"] = "stdin"
    relay: Literal["python3", "node"] = "python3"
    state_prompt: str = ""  # in the place of `prompt` where the work is a machine's state, if there is one
    quiet_s: float = QUIET_S
    env: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    tool: str = ""  # what it is provided by: a bundle of `evalkit tools`, or a folder, or nothing
    folder: Path | None = None


@dataclass(frozen=True)
class Places:
    """What stands for {base_url}, {key}, {model}, {root}, {home}, {bundle}, {turns} and {prompt}."""

    base_url: str
    key: str
    root: str
    prompt: str = ""
    turns: int | None = None
    home: str = HOME
    bundle: str = BUNDLE
    model: str = "evalkit"

    def into(self, text: str) -> str:
        for name, value in vars(self).items():
            text = text.replace("{" + name + "}", "-1" if value is None else str(value))
        return text


def read_agent(path: Path, *, own: bool = False) -> Agent:
    """The agent of a TOML file. UsageError names what is wrong in it.

    The version of one that is not our `own` ends with a digest of what it is made of: another file is another
    agent, and no run of the one goes on with the other.
    """
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as e:
        raise UsageError(
            f"cannot read the agent {path}: {e.strerror}", "--scaffold NAME or FILE.toml"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise UsageError(f"{path} is no TOML: {e}") from None
    table = Table(given, str(path))
    provided, run = table.table("provided"), table.table("run")
    folder = provided.text("folder", "")
    where = (path.parent / folder).resolve() if folder else None
    if where is not None and not where.is_dir():
        raise UsageError(f"{path}: no folder {where}", "[provided] folder is looked for beside the file")
    agent = Agent(
        name=table.text("name"),
        version=table.text("version"),
        command=run.texts("command"),
        prompt=run.text("prompt", "{problem}"),
        state_prompt=run.text("state_prompt", ""),
        prompt_by=run.one_of("prompt_by", PROMPTS),
        relay=provided.one_of("relay", RELAYS),
        quiet_s=run.number("quiet_s", QUIET_S),
        env=table.table("env").all_texts(),
        files=table.table("files").all_texts(),
        tool=provided.text("tool", ""),
        folder=where,
    )
    for each in (table, provided, run):
        each.done()
    if agent.tool and where:
        raise UsageError(f"{path}: [provided] has a tool and a folder", "an agent is one of both")
    if agent.relay == "node" and not agent.tool:
        raise UsageError(f'{path}: relay = "node" needs a tool that brings Node', 'relay = "python3"')
    if own:
        return agent
    return Agent(**{**vars(agent), "version": f"{agent.version}+{digest(path, where)}"})


def digest(path: Path, folder: Path | None) -> str:
    """Of the file and all that it brings."""
    found = hashlib.sha256(path.read_bytes())
    for file in sorted(folder.rglob("*")) if folder else ():
        if file.is_file():
            found.update(f"\0{file.relative_to(folder or file)}\0".encode(errors="replace"))
            found.update(file.read_bytes())
    return found.hexdigest()[:8]


class Table:
    """A table of the file: what is asked for is checked, and what nobody asked for is wrong."""

    def __init__(self, given: Any, where: str) -> None:
        if not isinstance(given, dict):
            raise UsageError(f"{where} is no table")
        self._given: dict[str, Any] = given
        self._where = where
        self._asked: set[str] = set()

    def table(self, name: str) -> Table:
        return Table(self._get(name, {}), f"{self._where}: [{name}]")

    def text(self, name: str, default: str | None = None) -> str:
        fits = lambda v: isinstance(v, str) and (v or default == "")  # noqa: E731
        return str(self._of(name, default, "a text", fits))

    def number(self, name: str, default: float) -> float:
        return float(self._of(name, default, "a number above 0", _positive))

    def texts(self, name: str) -> tuple[str, ...]:
        return tuple(
            self._of(name, None, "a list of texts", lambda v: isinstance(v, list) and v and _texts(v))
        )

    def one_of(self, name: str, known: tuple[str, ...]) -> Any:
        return self._of(name, known[0], f"one of {', '.join(known)}", lambda v: v in known)

    def all_texts(self) -> dict[str, str]:
        return {name: self.text(name, "") for name in self._given}

    def done(self) -> None:
        if unknown := sorted(set(self._given) - self._asked):
            known = ", ".join(sorted(self._asked))
            raise UsageError(f"{self._where}: nothing is called {unknown[0]!r}", f"known: {known}")

    def _get(self, name: str, default: Any) -> Any:
        self._asked.add(name)
        return self._given.get(name, default)

    def _of(self, name: str, default: Any, what: str, fits: Callable[[Any], object]) -> Any:
        value = self._get(name, default)
        if value is None:
            raise UsageError(f"{self._where}: {name} is missing", f"{name} is {what}")
        if not fits(value):
            raise UsageError(f"{self._where}: {name} is {what}, not {value!r}")
        return value


def _texts(values: list[Any]) -> bool:
    return all(isinstance(value, str) for value in values)


def _positive(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0
