"""A world that is typed into, in this process: what evalkit.scaffolds.terminal offers, without a machine.

`put NAME TEXT` followed by a newline writes a file, `sleep SECONDS` waits, `flood N` prints N lines; all else
is echoed. A command that is not ended by a newline waits for more keys.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from evalkit.interaction import Observation

from .worlds import World

SHOWN = 40


@dataclass
class Typed(World):
    more: tuple[Any, ...] = ()
    lines: list[str] = field(default_factory=list)
    told: int = -1
    open: str = ""
    ended: bool = False

    async def do_keys(self, keys: str, wait_s: float = 0.0, block_s: float | None = None) -> Observation:
        *whole, self.open = (self.open + keys).split("\n")
        late = False
        for line in whole:
            late = await self._run(line, block_s) or late
        await asyncio.sleep(wait_s)
        restarted, self.ended = self.ended, False
        return Observation("", {"timed_out": late, **({"restarted": True} if restarted else {})})

    async def _run(self, line: str, block_s: float | None) -> bool:
        self.lines.append(f"$ {line}")
        name, _, rest = line.partition(" ")
        if name == "put":
            path, _, text = rest.partition(" ")
            self.state[path] = text
        elif name == "flood":
            self.lines += [f"line {n} of many" for n in range(int(rest))]
        elif name == "exit":
            self.ended = True
        elif name == "sleep" and block_s is not None:
            await asyncio.sleep(min(float(rest), block_s))
            return float(rest) > block_s
        return False

    def do_screen(self) -> Observation:
        return Observation("\n".join([*self.lines[-SHOWN:], f"$ {self.open}"]))

    def do_new(self) -> Observation:
        new, first = self.lines[max(self.told, 0) :], self.told < 0
        self.told = len(self.lines)
        if first or not new:
            return self.do_screen()
        return Observation("\n".join(new), {"new": True})
