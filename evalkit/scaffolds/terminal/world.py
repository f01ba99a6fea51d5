"""The world: one workspace, with a terminal in it that is driven by acts. docs/terminal.md.

    keys    {"keys": text, "wait_s": seconds}    typed as `tmux send-keys` takes one word; then it is waited
            {"keys": text, "block_s": seconds}   the same, until the shell has done it, or so long
    screen  {}                                   what stands on the screen
    new     {}                                   what has come since the last `new`, else the screen

No model is offered them: a partner calls them in its name, after whatever protocol it speaks.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from evalkit.interaction import Observation
from evalkit.model import Tool, ToolCall
from evalkit.scaffolds.terminal.control import Ended, Refused
from evalkit.scaffolds.terminal.recording import Recording
from evalkit.scaffolds.terminal.terminal import HISTORY, Terminal
from evalkit.task import Answer
from evalkit.workspace import Workspace

CAST = "session.cast"
CRASHED = "crashed"
SHOWN = 1_000_000  # characters of one observation
Take = Callable[[Workspace], Awaitable[Answer]]


class Mistake(Exception):
    """What cannot be done. Its text is for whoever asked."""


class TerminalWorld:
    """evalkit.interaction.World over one workspace, which it closes. Made by `open`.

    `take`: what is taken in the end, when the terminal is ended. One that has `wants_terminal` set is given
    the live one first, as its `terminal`.
    """

    tools: tuple[Tool, ...] = ()

    def __init__(self, workspace: Workspace, take: Take, terminal: Terminal) -> None:
        self.terminal = terminal
        self._workspace, self._take = workspace, take
        self._acts: Mapping[str, Callable[[Mapping[str, Any]], Awaitable[Observation]]] = {
            "keys": self._keys,
            "screen": self._screen,
            "new": self._new,
        }

    @classmethod
    async def open(
        cls,
        workspace: Workspace,
        take: Take,
        *,
        width: int = 160,
        height: int = 40,
        user: str | None = None,
        folder: str | None = None,
        env: Mapping[str, str] | None = None,
        shell: Sequence[str] = (),
        history: int = HISTORY,
    ) -> TerminalWorld:
        """As Terminal.open, which records. NoTerminal where none can be had."""
        terminal = await Terminal.open(
            workspace,
            width=width,
            height=height,
            user=user or None,
            folder=folder,
            env=env,
            shell=shell,
            history=history,
            recording=Recording(width, height),
        )
        return cls(workspace, take, terminal)

    async def act(self, call: ToolCall) -> Observation:
        act = self._acts.get(call.name)
        if act is None:
            return _mistake(f"there is no act {call.name!r}: {', '.join(self._acts)}")
        try:
            given = json.loads(call.arguments or "{}")
            if not isinstance(given, dict):
                raise Mistake("the arguments must be an object")
            return await act(given)
        except (Mistake, Refused, ValueError) as e:
            return _mistake(str(e))
        except Ended as e:
            return await self._anew(e)

    async def answer(self) -> Answer:
        if getattr(self._take, "wants_terminal", False):
            self._take.terminal = self.terminal  # type: ignore[attr-defined]
        else:
            await self.terminal.end()
        answer = await self._take(self._workspace)
        await self.terminal.end()
        recording = self.terminal.recording
        cast = {CAST: recording.cast()} if recording else {}
        return replace(answer, files={**answer.files, **cast})

    async def close(self) -> None:
        await self._workspace.close()

    # -- acts --------------------------------------------------------------------------------------
    async def _keys(self, given: Mapping[str, Any]) -> Observation:
        keys = given.get("keys")
        if not isinstance(keys, str):
            raise Mistake("'keys' must be a text")
        block_s, wait_s = _seconds(given, "block_s"), _seconds(given, "wait_s")
        if "block_s" in given:
            done = await self.terminal.run_blocking(keys, block_s)
            return Observation("", {"timed_out": not done})
        await self.terminal.send(keys)
        await asyncio.sleep(wait_s)
        return Observation("")

    async def _screen(self, _: Mapping[str, Any]) -> Observation:
        return Observation(_shown(await self.terminal.screen()))

    async def _new(self, _: Mapping[str, Any]) -> Observation:
        new = await self.terminal.new_output()
        text = new if new is not None else await self.terminal.screen()
        return Observation(_shown(text), {"new": new is not None})

    async def _anew(self, end: Ended) -> Observation:
        """Another terminal in the place of one that is gone, and how it looks."""
        if end.workspace:
            return Observation(f"The workspace ended: {end.workspace}.", end=CRASHED, died=True)
        try:
            await self.terminal.reopen()
            screen = await self.terminal.screen()
        except Ended as e:
            if e.workspace:
                return Observation(f"The workspace ended: {e.workspace}.", end=CRASHED, died=True)
            return Observation(f"[The terminal is gone, and no other can be had: {e}.]", {"restarted": True})
        said = f"[The terminal was gone: {end}. This is a new one.]\n{screen}"
        return Observation(_shown(said), {"restarted": True})


def _seconds(given: Mapping[str, Any], name: str) -> float:
    value = given.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise Mistake(f"{name!r} must be seconds")
    return float(value)


def _mistake(why: str) -> Observation:
    return Observation(f"[not done] {why}", {"mistake": why})


def _shown(text: str) -> str:
    """What every store and server takes: bounded, no NUL."""
    text = text.replace("\0", "\ufffd")
    if len(text) <= SHOWN:
        return text
    half = SHOWN // 2
    return f"{text[:half]}\n[... {len(text) - 2 * half:,} characters left out here ...]\n{text[-half:]}"
