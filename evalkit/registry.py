"""Suites and scaffolds by name, by path, or by entry point.

humaneval         a name from the entry point group "evalkit.suites": a package with suite.py
./my_suite        a folder with suite.toml and suite.py
one-turn          a name from the entry point group "evalkit.scaffolds", or one of ours
my.module:Class   a scaffold by import path
./my-agent.toml   a command-line agent, as a file describes it (docs/agents.md)
"""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import importlib
import importlib.util
import math
import sys
import tomllib
import typing
from collections.abc import Iterable, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from evalkit.errors import DataError, UsageError
from evalkit.scaffold import Scaffold
from evalkit.suite import Checkout, Hub, Suite, SuiteInfo

SCAFFOLDS = {
    "one-turn": "evalkit.scaffolds.one_turn:OneTurn",
    "interactive": "evalkit.scaffolds.interactive:Interactive",
    "mini-swe-agent": "evalkit.scaffolds.mini_swe_agent.scaffold:MiniSweAgent",
    "mini-swe-agent-text": "evalkit.scaffolds.mini_swe_agent.scaffold:MiniSweAgentText",
    "qwen-code": "evalkit.scaffolds.command.scaffold:QwenCode",
}
DESCRIBED = "evalkit.scaffolds.command.scaffold:CommandAgent"  # what a TOML file describes


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The way out for a name that is not known."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if close:
        return f"did you mean {' or '.join(close)}?"
    more = f" and {len(names) - 12} more" if len(names) > 12 else ""
    return f"known: {', '.join(names[:12]) or 'none'}{more}"


# -- suites ----------------------------------------------------------------------------------------


def suite_names() -> list[str]:
    return sorted(entry_points(group="evalkit.suites").names)


def find_suite(name: str) -> tuple[type[Suite], SuiteInfo]:
    """The suite class and its facts. UsageError where there is none."""
    package = _package_at(Path(name)) if is_path(name) else _package_named(name)
    folder = Path(next(iter(package.__path__)))
    info = read_info(folder)
    module = _import(f"{package.__name__}.suite", f"{folder}/suite.py")
    suite = getattr(module, "Suite", None)
    if not (isinstance(suite, type) and issubclass(suite, Suite)) or suite is Suite:
        hint = "define `class Suite(evalkit.Suite)` there: docs/adding-a-suite.md"
        raise UsageError(f"{folder}/suite.py defines no suite", hint)
    return suite, info


def open_suite(name: str, options: Mapping[str, Any] | None = None) -> Suite:
    """A suite with these options; values may be texts as typed on a command line."""
    cls, info = find_suite(name)
    return cls(info, make_options(cls, options or {}))


def from_anywhere(name: str) -> str:
    """The same suite by a name that holds in any working folder."""
    return str(Path(name).resolve()) if is_path(name) else name


def is_path(name: str) -> bool:
    return "/" in name or name in (".", "..") or (Path(name) / "suite.py").is_file()


def _package_named(name: str) -> ModuleType:
    found = entry_points(group="evalkit.suites", name=name)
    if not found:
        raise UsageError(f"unknown suite {name!r}", did_you_mean(name, suite_names()))
    return _import(next(iter(found)).value, f"entry point of suite {name}")


def _package_at(folder: Path) -> ModuleType:
    if not (folder / "suite.py").is_file():
        hint = "a suite is a folder with suite.toml and suite.py: docs/adding-a-suite.md"
        raise UsageError(f"no suite in {folder}", hint)
    folder = folder.resolve()
    name = f"evalkit_local_{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}"
    if name in sys.modules:
        return sys.modules[name]
    init = folder / "__init__.py"
    spec = importlib.util.spec_from_loader(name, None, is_package=True)
    if init.is_file():
        spec = importlib.util.spec_from_file_location(name, init, submodule_search_locations=[str(folder)])
    assert spec is not None
    package = importlib.util.module_from_spec(spec)
    package.__path__ = [str(folder)]
    sys.modules[name] = package
    if spec.loader is not None:
        spec.loader.exec_module(package)
    return package


def _import(name: str, what: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except Exception as e:  # foreign code may fail in any way while it is imported
        raise UsageError(f"cannot import {what}: {type(e).__name__}: {e}") from e


def read_info(folder: Path) -> SuiteInfo:
    """The facts of a folder's suite.toml. DataError names the file and what is wrong with it."""
    path = folder / "suite.toml"
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise DataError(f"cannot read {path}: {e}") from None
    data = raw.pop("data", {})
    lists_of_tasks = {name: raw.pop(name, {}) for name in ("exceptions", "may_fail", "passes_untouched")}
    known = {f.name for f in dataclasses.fields(SuiteInfo)} - {
        "folder",
        "local",
        "parts",
        "large",
        "fingerprints",
        "hub",
        "checkout",
        "exceptions",
        "may_fail",
        "passes_untouched",
    }
    if unknown := sorted(set(raw) - known):
        raise DataError(f"{path}: unknown key {unknown[0]!r}", did_you_mean(unknown[0], known))
    raw.setdefault("name", folder.name)
    raw.setdefault("title", raw["name"])
    hub = None
    if data.get("hub"):
        named = {name: data[name] for name in ("revision", "config", "split") if name in data}
        hub = Hub(data["hub"], files=tuple(data.get("files", ())), **named)
    checkout = None
    if data.get("git"):
        try:
            checkout = Checkout(data["git"], data["commit"], data["tasks"])
        except KeyError as e:
            raise DataError(f"{path}: [data] git needs {e.args[0]!r} too") from None
    lists: Any = {name: tuple(data.get(name, ())) for name in ("local", "large", "fingerprints")}
    lists["parts"] = tuple(tuple(names) for names in data.get("parts", ()))
    return SuiteInfo(folder=folder, hub=hub, checkout=checkout, **lists_of_tasks, **lists, **raw)


# -- options ---------------------------------------------------------------------------------------


def make_options(cls: type[Suite], given: Mapping[str, Any]) -> Any:
    """The suite's Options from values or texts. UsageError for an unknown name or a bad value."""
    fields = {f.name: f for f in dataclasses.fields(cls.Options)}
    types = typing.get_type_hints(cls.Options)
    values: dict[str, Any] = {}
    for name, value in given.items():
        key = name.replace("-", "_")
        if f"{key}_" in fields:
            key += "_"
        if key not in fields:
            raise UsageError(f"unknown option {name!r} of this suite", did_you_mean(key, fields))
        values[key] = _convert(key, value, types[key], fields[key].metadata)
    return cls.Options(**values)


def flag_of(name: str) -> str:
    """An option's flag. `from_`, which Python does not let be called `from`, is --from."""
    return "--" + name.rstrip("_").replace("_", "-")


def _convert(name: str, value: Any, kind: Any, limits: Mapping[str, Any]) -> Any:
    accepted = [t for t in (typing.get_args(kind) or (kind,)) if t is not type(None)]
    target = accepted[0]
    if isinstance(value, str) and target is not str:
        try:
            value = _truth(value) if target is bool else target(value)
            if isinstance(value, float) and not math.isfinite(value):
                raise ValueError(value)
        except ValueError:
            raise UsageError(f"{flag_of(name)} needs a {target.__name__}, got {value!r}") from None
    if target is float and isinstance(value, int):
        value = float(value)
    choices, within = limits.get("choices", ()), limits.get("within")
    if choices and value is not None and value not in choices:
        raise UsageError(f"{flag_of(name)} cannot be {value!r}", did_you_mean(str(value), choices))
    if within and value is not None and not within[0] <= value <= within[1]:
        raise UsageError(
            f"{flag_of(name)} cannot be {value}", f"a number from {within[0]:,} to {within[1]:,}"
        )
    return value


def _truth(text: str) -> bool:
    if text.lower() in ("1", "true", "yes", "on"):
        return True
    if text.lower() in ("0", "false", "no", "off"):
        return False
    raise ValueError(text)


# -- scaffolds -------------------------------------------------------------------------------------


def scaffold_names() -> list[str]:
    return sorted({*SCAFFOLDS, *entry_points(group="evalkit.scaffolds").names})


def open_scaffold(name: str) -> Scaffold:
    """A scaffold by name, or by path: `module:Class`, `FILE.py:Class` or `FILE.toml`."""
    if name.endswith(".toml"):
        described: Scaffold = load_object(DESCRIBED, f"scaffold {name}")(Path(name))
        return described
    path = SCAFFOLDS.get(name) or plug_in("evalkit.scaffolds", name)
    if not path:
        raise UsageError(f"unknown scaffold {name!r}", did_you_mean(name, scaffold_names()))
    scaffold: Scaffold = load_object(path, f"scaffold {name}")()
    return scaffold


# -- by path ---------------------------------------------------------------------------------------


def object_from_anywhere(path: str) -> str:
    """The same `FILE.py:attribute` or `FILE.toml` in any working folder; other names as they are."""
    if path.endswith(".toml"):
        return str(Path(path).resolve())
    file, _, attribute = path.rpartition(":")
    return f"{Path(file).resolve()}:{attribute}" if file.endswith(".py") else path


def plug_in(group: str, name: str) -> str:
    """Where the plug-in of that name is: an entry point's path, or `name` itself where it is one; else ""."""
    found = entry_points(group=group, name=name)
    if found:
        return next(iter(found)).value
    module, _, attribute = name.rpartition(":")
    return name if module.endswith(".py") or (attribute.isidentifier() and "." in module) else ""


def load_object(path: str, what: str) -> Any:
    """What `module:attribute` or `FILE.py:attribute` names. UsageError says what is not there."""
    name, _, attribute = path.rpartition(":")
    module = _file_module(Path(name), what) if name.endswith(".py") else _import(name, what)
    if not hasattr(module, attribute):
        raise UsageError(f"{name} has no {attribute!r}", f"{what} is given as module:name or FILE.py:name")
    return getattr(module, attribute)


def _file_module(file: Path, what: str) -> ModuleType:
    if not file.is_file():
        raise UsageError(f"no such file: {file}", f"{what} is given as module:name or FILE.py:name")
    name = f"evalkit_local_{hashlib.sha256(str(file.resolve()).encode()).hexdigest()[:12]}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, file)
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = module = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
        except Exception as e:  # foreign code may fail in any way while it is imported
            del sys.modules[name]
            raise UsageError(f"cannot import {what}: {type(e).__name__}: {e}") from e
    return sys.modules[name]
