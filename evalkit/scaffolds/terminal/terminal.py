"""A terminal: a tmux session in a workspace, driven by keys, looked at by its screen.

    Terminal ──▶ client in control mode (an exec that streams) ──▶ tmux ──▶ pane ──▶ the user's shell

Its tmux is its own: settings of the user's have no say in it, and several terminals do not know each other.
What is printed comes by the same client, and goes to the recording. docs/terminal.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Mapping, Sequence

from evalkit.scaffolds.terminal import keys as keys_of
from evalkit.scaffolds.terminal import scripts
from evalkit.scaffolds.terminal.bundle import tmux_of
from evalkit.scaffolds.terminal.client import Client
from evalkit.scaffolds.terminal.control import Control, Ended, NoTerminal, Refused
from evalkit.scaffolds.terminal.pump import Pump
from evalkit.scaffolds.terminal.recording import Recording
from evalkit.workspace import Workspace

HISTORY = 50_000  # lines
KILL_S = 20.0
ANEW, CLEARED = "the terminal was made anew", b"\x1b[0m\x1b[?1049l\x1b[H\x1b[2J"


class Terminal:
    """Made by `open`. Its methods raise Ended where the session is gone; `reopen` makes a new one."""

    def __init__(
        self,
        workspace: Workspace,
        *,
        width: int,
        height: int,
        user: str | None,
        folder: str | None,
        env: Mapping[str, str],
        shell: tuple[str, ...],
        history: int,
        recording: Recording | None,
    ) -> None:
        self.width, self.height = width, height
        self.recording = recording
        self._workspace, self._user, self._folder = workspace, user, folder
        self._env, self._shell, self._history = env, shell, history
        self._tmux = tmux_of(workspace.spec)
        self._socket = ""
        self._before: str | None = None  # all that was there at the last look
        self._client: Client | None = None
        self._pump: Pump | None = None

    @classmethod
    async def open(
        cls,
        workspace: Workspace,
        *,
        width: int = 160,
        height: int = 40,
        user: str | None = None,
        folder: str | None = None,
        env: Mapping[str, str] | None = None,
        shell: Sequence[str] = (),
        history: int = HISTORY,
        recording: Recording | None = None,
    ) -> Terminal:
        """`shell`: a command; the default is the user's own shell, as a login shell. `history`: lines that
        are kept above the screen. NoTerminal where there can be none: the image has no tmux, say, and the
        spec no `terminal_bundle`. Ended where the workspace ended with it."""
        terminal = cls(
            workspace,
            width=width,
            height=height,
            user=user,
            folder=folder,
            env=dict(env or {}),
            shell=tuple(shell),
            history=history,
            recording=recording,
        )
        try:
            await terminal.reopen()
        except Ended as e:
            if e.workspace:
                raise
            raise NoTerminal(f"no terminal can be had in {workspace.spec.image}: {e}") from None
        return terminal

    async def reopen(self) -> None:
        """A new session, in the place of one that is gone. What runs elsewhere is left alone."""
        await self._leave()
        self._before = None
        if self._client and self.recording:
            self.recording.mark(ANEW)
            self.recording.output(CLEARED)
        pump = self._pump = Pump(self.recording, self._aside)
        name = f"evalkit-{secrets.token_hex(6)}"
        words = scripts.start(self._tmux, name, self._shell, self.width, self.height, self._history)
        self._client = await Client.start(
            self._workspace,
            words,
            Control(pump.output, pump.turn),
            folder=self._folder,
            user=self._user,
            env=self._env,
        )
        pump.begin()
        await self._size()
        self._socket = (await self._ask("display-message -p '#{socket_path}'")).strip()

    # -- keys --------------------------------------------------------------------------------------
    async def send(self, keys: str | Sequence[str], *, literal: bool = False) -> None:
        """Type words (see keys.py); `literal`: none of them names a key. ValueError for what no terminal
        takes."""
        words = keys_of.words(keys)
        client = self._alive()
        if self.recording:
            self.recording.typed("".join(keys_of.sent(word, literal=literal) for word in words))
        for line in keys_of.commands(words, literal=literal):
            await client.ask(line)

    async def run_blocking(self, keys: str | Sequence[str], timeout_s: float) -> bool:
        """Type words that end in Enter, and wait until the shell has done what they say: False where that
        takes longer, and goes on. Other words are typed, and nothing is waited for.

        The shell itself tells: behind the words it is asked to signal a channel whose name nobody knows
        beforehand. What a program prints is no end.
        """
        words = keys_of.words(keys)
        begun = keys_of.before_enter(words)
        if begun is None:
            await self.send(words)
            return True
        channel = secrets.token_hex(8)
        client = self._alive()
        waiter = (self._tmux, "-S", self._socket, "wait-for", channel)
        waiting = await self._workspace.start(waiter, user=self._user, env=self._env, output_bytes=1000)
        try:
            async with asyncio.timeout(timeout_s):
                await self.send([*begun, f"; {self._tmux} wait -S {channel}", "Enter"])
                done = await waiting.wait()
                await client.ask("display-message -p there")  # a tmux that is killed lets go of it, too
                if done.status != 0:  # it could not wait: nobody can say when the command is over
                    await asyncio.sleep(timeout_s)
        except TimeoutError:
            return False
        finally:
            await client.tell(f"wait-for -S {channel}")  # it waits no longer
        return True

    # -- what is seen ------------------------------------------------------------------------------
    async def screen(self) -> str:
        """The lines of the screen, without the blanks at their ends, each with a line feed."""
        return await self._ask("capture-pane -p")

    async def scrollback(self) -> str:
        """The same, with all that has left the screen upwards and is kept."""
        return await self._ask("capture-pane -p -S -")

    async def new_output(self) -> str | None:
        """What has come since this was asked last, from the beginning of the line that was the last one then.
        None where that cannot be told (the first time; the screen was cleared or redrawn), or there is none.
        """
        now = await self.scrollback()
        before, self._before = self._before, now
        text = (before or "").strip()
        at = now.find(text) if text else -1
        if at < 0:
            return None
        new = now[at + text.rfind("\n") + 1 :]
        same = now[at + len(text) :].strip()
        return new if same else None

    async def resize(self, width: int, height: int) -> None:
        """ValueError where tmux has no such size."""
        before, (self.width, self.height) = (self.width, self.height), (width, height)
        try:
            await self._size()
        except Refused as e:
            self.width, self.height = before
            raise ValueError(f"{width}x{height}: {e}") from None
        if self.recording:
            self.recording.resized(width, height)

    async def _size(self) -> None:
        """All windows are as large as their client is. (With the option `window-size manual` tmux 3.3 dies
        of new ones.)"""
        await self._ask(f"refresh-client -C {self.width:d}x{self.height:d}")

    # -- its end -----------------------------------------------------------------------------------
    async def end(self, *, shells: bool = True) -> None:
        """Type no more. With `shells` the terminal's shells end, too, so that nothing that was typed ahead is
        begun; what they had started runs on, and can print as before. Never raises Ended."""
        if shells:
            with contextlib.suppress(Ended, Refused):
                await self._end_shells()
        await self._leave()

    async def _end_shells(self) -> None:
        listed = (await self._ask("list-panes -a -F '#{pane_pid}'")).split()
        holders = [word for word in listed if word.isdigit() and len(word) < 10][:1000]
        words = ("/bin/sh", "-c", scripts.KILL, "sh", *holders)
        await self._workspace.run(words, timeout_s=KILL_S, user=self._user, folder="/")

    async def _leave(self) -> None:
        if self._client and self._pump:
            self._pump.close()
            await self._client.leave()

    # -- its client --------------------------------------------------------------------------------
    def _alive(self) -> Client:
        if self._client is None:
            raise Ended("there is no session")
        self._client.alive()
        return self._client

    async def _ask(self, command: str) -> str:
        return await self._alive().ask(command)

    def _aside(self, command: str, then: Callable[[bytes], None] | None) -> None:
        if self._client:
            self._client.aside(command, then)
