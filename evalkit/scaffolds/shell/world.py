"""The world: one workspace, in which commands are run and files are edited.

Each command is an exec of the engine's own: a session of its own, ended with all that it started when it is
late; that it is over, and with which status, the engine says, never its output. docs/shell.md says why.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from evalkit.interaction import Observation
from evalkit.model import Tool, ToolCall
from evalkit.scaffolds.shell.arguments import Mistake, number_of, read_object, text_of
from evalkit.scaffolds.shell.editor import Editor
from evalkit.scaffolds.shell.loops import Rounds, told
from evalkit.scaffolds.shell.output import observed, plain
from evalkit.scaffolds.shell.rules import Rules
from evalkit.scaffolds.shell.tools import BASH, EDITOR, SUBMIT
from evalkit.task import Answer
from evalkit.workspace import Workspace

CRASHED, SUBMITTED, STUCK = "crashed", "submitted", "turns"
# no pager, no progress bars, no terminal
QUIET: Mapping[str, str] = {
    "PAGER": "cat",
    "GIT_PAGER": "cat",
    "MANPAGER": "cat",
    "LESS": "-R",
    "PIP_PROGRESS_BAR": "off",
    "TQDM_DISABLE": "1",
    "TERM": "dumb",
}
# both outputs through one pipe: the engine's two do not keep the order in which they were written
ONE_OUTPUT = ("/bin/sh", "-c", 'exec 2>&1; exec "$@"', "sh")
Take = Callable[[Workspace], Awaitable[Answer]]


class ShellWorld:
    """evalkit.interaction.World over one workspace, which it closes.

    `take`: what is taken from it in the end. `tools`: what the model is offered, () where it works by text.
    `env`: variables of its commands, beside QUIET. `quiet`: what commands left running is killed before it.
    """

    def __init__(
        self,
        workspace: Workspace,
        take: Take,
        *,
        tools: tuple[Tool, ...] = (BASH, EDITOR, SUBMIT),
        rules: Rules | None = None,
        env: Mapping[str, str] | None = None,
        quiet: bool = True,
    ) -> None:
        self.tools = tools
        self._workspace = workspace
        self._take, self._quiet = take, quiet
        self._rules = rules or Rules()
        self._env = {**QUIET, **(env or {})}
        self._editor = Editor(workspace, self._rules)
        self._rounds = Rounds(self._rules.round)
        self._acts: Mapping[str, Callable[[dict[str, Any]], Awaitable[Observation]]] = {
            BASH.name: self._bash,
            EDITOR.name: self._editor.edit,
            SUBMIT.name: self._submit,
        }

    async def act(self, call: ToolCall) -> Observation:
        try:
            seen = await self._acts[call.name](read_object(call.arguments))
        except Mistake as e:
            why = plain(str(e))
            return Observation(f"[not done] {call.name}: {why}", {"mistake": why})
        loop = self._rounds.see(call, seen)
        if seen.end or loop.times < self._rules.repeats_told:
            return seen
        most = self._rules.repeats_end
        return told(seen, loop, STUCK if most is not None and loop.times >= most else "")

    async def _bash(self, given: dict[str, Any]) -> Observation:
        command = text_of(given, "command")
        if not command.strip():
            raise Mistake("'command' is empty")
        most = self._rules.command_bytes
        if len(command.encode()) > most:
            raise Mistake(f"'command' is longer than {most:,} bytes: write long texts to files, in parts")
        limit_s = number_of(given, "timeout_s", self._rules.command_s)
        if limit_s <= 0:
            raise Mistake("'timeout_s' must be more than 0")
        limit_s = min(limit_s, self._rules.most_s)
        words = [*ONE_OUTPUT, "bash", "-c", command]
        done = await self._workspace.run(words, timeout_s=limit_s, env=self._env)
        text = observed(done, limit_s, self._rules.shown)
        data = {"status": done.status, "timed_out": done.timed_out}
        return Observation(text, data, CRASHED if done.ended else "", died=bool(done.ended))

    async def _submit(self, given: dict[str, Any]) -> Observation:
        return Observation("[handed in]", end=SUBMITTED)

    async def answer(self) -> Answer:
        if self._quiet:
            await self._workspace.quiet()
        return await self._take(self._workspace)

    async def close(self) -> None:
        await self._workspace.close()
