"""The world of an exercise: its files, and its tests as Aider runs them.

Acts: "read" {"paths"}, "write" {"files": path -> text}, "lint" {"paths"}, "test" {"try"}. All paths are
relative to the exercise's folder. What the model is offered of them, if anything, are functions with names
that say so.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Any

from evalkit.interaction import Observation
from evalkit.model import Tool, ToolCall
from evalkit.patch import make_patch
from evalkit.task import Answer
from evalkit.workspace import File, NotAFile, Tree, Workspace, WorkspaceDied, WorkspaceSandbox, WorkspaceSpec

from .exercises import Exercise
from .lint import lint
from .runners import RUNNERS, folder_of, tests_ready
from .testing import run_official

READ_BYTES = 4 << 20


def _tool(name: str, description: str, **properties: Any) -> Tool:
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return Tool(name, description, schema)


_TEXT = {"type": "string"}
TOOLS = {
    tool.name: tool
    for tool in (
        _tool("read_file", "The text of one file.", path=_TEXT),
        _tool("write_file", "Write one file as a whole; folders are made as needed.", path=_TEXT, text=_TEXT),
        _tool("list_files", "The paths of all files of the exercise."),
        _tool("run_tests", "Run the exercise's tests and see what they print."),
    )
}


async def open_world(
    exercise: Exercise, sandbox: WorkspaceSandbox, *, image: str, tools: Sequence[str] = ()
) -> PolyglotWorld:
    """A fresh workspace with the exercise's files. `tools`: names of TOOLS that the model is offered."""
    workspace = await sandbox.open(WorkspaceSpec(image))
    try:
        await workspace.write(exercise.start.files, folder=folder_of(exercise))
    except BaseException:
        await workspace.close()
        raise
    return PolyglotWorld(exercise, workspace, tuple(TOOLS[name] for name in tools))


class PolyglotWorld:
    """evalkit.interaction.World over one workspace."""

    def __init__(self, exercise: Exercise, workspace: Workspace, tools: tuple[Tool, ...] = ()) -> None:
        self.exercise = exercise
        self.tools = tools
        self._workspace = workspace
        self._folder = folder_of(exercise)
        self._written: dict[
            str, File
        ] = {}  # by path: what was asked for is never taken for a test run's doing
        self._acts: Mapping[str, Callable[[dict[str, Any]], Awaitable[Observation]]] = {
            "read": self._read,
            "write": self._write,
            "lint": self._lint,
            "test": self._test,
            "read_file": self._read_file,
            "write_file": self._write_file,
            "list_files": self._list_files,
            "run_tests": self._test,
        }

    async def act(self, call: ToolCall) -> Observation:
        try:
            asked = json.loads(call.arguments or "{}")
            act = self._acts[call.name]
            if not isinstance(asked, dict):
                raise TypeError("the arguments are no object")
            return await act(asked)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as e:
            return Observation(f"{call.name}: cannot use these arguments: {type(e).__name__}: {e}")

    async def _read(self, asked: dict[str, Any]) -> Observation:
        files = {str(path): await self._text(str(path)) for path in asked["paths"]}
        missing = [path for path, text in files.items() if text is None]
        return Observation(f"cannot read: {', '.join(missing)}" if missing else "", {"files": files})

    async def _text(self, path: str) -> str | None:
        """None where there is no such file, or no text in it."""
        try:
            return (await self._workspace.read(self._inside(path), limit=READ_BYTES)).decode()
        except (NotAFile, UnicodeDecodeError):
            return None

    def _inside(self, path: str) -> str:
        """Absolute, and below the folder. NotAFile."""
        parts = PurePosixPath(path).parts
        if not parts or path.startswith("/") or ".." in parts or "\0" in path:
            raise NotAFile(f"{path!r} is no path below the exercise's folder")
        return f"{self._folder}/{path}"

    async def _write(self, asked: dict[str, Any]) -> Observation:
        written, refused = [], {}
        for path, text in asked["files"].items():
            file = File(str(text).encode("utf-8", "replace"), self._executable(path))
            try:
                self._inside(path)
                await self._workspace.write({path: file}, folder=self._folder)
            except NotAFile as e:
                refused[path] = str(e)
            else:
                written.append(path)
                self._written[str(PurePosixPath(path))] = file
        text = "; ".join(f"{path} was not written: {why}" for path, why in refused.items())
        return Observation(text, {"written": written, "refused": refused})

    def _executable(self, path: str) -> bool:
        known = self.exercise.start.files.get(path)
        return known is not None and known.executable

    async def _lint(self, asked: dict[str, Any]) -> Observation:
        errors = await lint(self._workspace, self._folder, [str(path) for path in asked["paths"]])
        return Observation("\n".join(errors.values()), {"errors": errors})

    async def _test(self, asked: dict[str, Any]) -> Observation:
        tested = await run_official(self._workspace, self.exercise)
        data = {"passed": tested.passed, "status": tested.status, "timed_out": tested.timed_out}
        if tested.executed.ended:
            return Observation(f"{tested.text}\nThe tests ended it all.", data, "crashed", "verification")
        await self._workspace.quiet()
        return Observation(tested.text, data, clock="verification")

    async def _read_file(self, asked: dict[str, Any]) -> Observation:
        text = await self._text(str(asked["path"]))
        return Observation(f"{asked['path']} cannot be read." if text is None else text)

    async def _write_file(self, asked: dict[str, Any]) -> Observation:
        done = await self._write({"files": {str(asked["path"]): asked["text"]}})
        return Observation(done.text or "Written.", done.data)

    async def _list_files(self, asked: dict[str, Any]) -> Observation:
        return Observation("\n".join(sorted((await self._tree()).files)))

    async def answer(self) -> Answer:
        return Answer(make_patch(self.exercise.start, await self._tree()), "patch")

    async def _tree(self) -> Tree:
        """The work as it stands, without what test runs make; where it is gone, what was written."""
        try:
            tree = await self._workspace.tree(self._folder)
        except (WorkspaceDied, NotAFile):
            return Tree({**self.exercise.start.files, **self._written})
        return work_of(self.exercise, tree, frozenset(self._written))

    async def close(self) -> None:
        await self._workspace.close()


def work_of(exercise: Exercise, tree: Tree, written: frozenset[str]) -> Tree:
    """The tree without products of test runs, and with test files as they were before one put them ready."""
    start, put_ready = exercise.start.files, tests_ready(exercise)
    products = RUNNERS[exercise.language].products
    files = {}
    for path, file in tree.files.items():
        parts = PurePosixPath(path).parts
        made = any(fnmatchcase(part, product) for part in (parts[0], *parts) for product in products)
        if path in start or path in written or not made:
            files[path] = start[path] if put_ready.get(path) == file else file
    return Tree(files, tree.left_out)
