"""Process 1's only child in a workspace: a shell that asks nothing of the image, and ends what should end.

It reads its orders from the container's standard input, which this process holds, and works with nothing
but the shell's own words and /proc. So it starts no process (one that a full container would refuse) and
needs no program of the image but /bin/sh. When this process dies, its input ends, and with it the container.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import threading
from collections.abc import Sequence
from typing import Any

from evalkit.sandbox.streams import demultiplexed

ANSWER_S = 2.0  # an order that takes longer is one that cannot be followed
START_S = 60.0

# `look PID`: its state, parent and start (ticks since boot); the text's second field may hold anything.
# `origin PID`: the first of its ancestors that is a child of process 1 or came from outside, and its start.
# An order is: verb, number, since when, own processes ("1,2"), processes to spare. `kill` ends the own ones
# with all that come from them, and all that started since then and do not come from anything older or spared:
# first it stops them, since a stopped process forks no more, and then it kills them until it finds none.
# Since 0: since the first own one started. `count`: how many live. `clock`: the time, in ticks. `ping`:
# nothing. The answer: number, how many were found last. Each is dealt with as soon as it is seen: those that
# are stopped leave this shell more of the processor; only whether anything is older is looked at before.
SCRIPT = r"""
exec 2>/dev/null
look() {
    line=
    while IFS= read -r part || [ -n "$part" ]; do line="$line $part"; done <"/proc/$1/stat" || return 1
    [ -n "$line" ] || return 1
    set -- ${line##*) }
    S=$1 P=$2 T=${20}
}
origin() {
    o=$1
    while look "$o"; do
        OT=$T
        case $P in 0|1|$$) break;; esac
        o=$P
    done
}
victims() {
    found=0
    for d in /proc/[0-9]*; do
        p=${d#/proc/}
        case $p in 1|$$) continue;; esac
        look "$p" || continue
        case $S in Z|X) continue;; esac
        if [ "$T" -lt "$since" ] || [ -n "$older$spared" ]; then
            OT=$T
            origin "$p"
            case ",$own," in
            *",$o,"*) [ "$T" -ge "$since" ] || own=$own,$p;;  # also when its parent is dead
            *)
                [ "$OT" -ge "$since" ] || { older=1; continue; }
                case " $spared " in *" $o "*) continue;; esac;;
            esac
        fi
        found=$((found + 1))
        [ -z "$1" ] || kill "-$1" "$p"
    done
}
echo ready
while read -r verb number since own spared; do
    older= found=0 round=0
    case $verb in
    count) victims;;
    clock) IFS=' .' read -r whole part rest </proc/uptime && found=$whole$part;;
    kill)
        if [ "$since" = 0 ] && look "${own%%,*}"; then since=$T; fi
        victims
        victims STOP
        victims STOP
        victims KILL
        while [ "$found" != 0 ] && [ $round -lt 9999 ]; do
            round=$((round + 1))
            victims KILL
        done;;
    esac
    echo "$number $found"
done
"""
COMMAND = ("/bin/sh", "-c", SCRIPT)


class Keeper:
    """The stream to one. `gone` is set when it ended, and the container with it."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.gone = asyncio.Event()
        self.ready: asyncio.Future[None] = self.loop.create_future()
        self._asked: dict[int, asyncio.Future[int | None]] = {}
        self._stream: Any = None
        self._raw: Any = None

    def launch(self, client: Any, container: str) -> None:
        """Attach and start, in a worker's thread; engine errors pass through."""
        params = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
        self._stream = client.api.attach_socket(container, params=params)
        self._raw = getattr(self._stream, "_sock", self._stream)
        self._raw.settimeout(None)
        client.api.start(container)
        threading.Thread(target=self._read, name=f"evalkit-{container[:8]}", daemon=True).start()

    async def wait(self) -> bool:
        """Whether it is there."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self.ready), START_S)
        return self.ready.done() and not self.gone.is_set()

    async def ask(
        self, verb: str, since: int = 0, own: Sequence[int] = (), spared: Sequence[int] = ()
    ) -> int | None:
        """The answer to an order, or None where none comes in time or the container is gone."""
        if self.gone.is_set():
            return None
        number = secrets.randbelow(10**9)  # not to be guessed by who could write the answer
        answer: asyncio.Future[int | None] = self.loop.create_future()
        self._asked[number] = answer
        mine = ",".join(map(str, own)) or "0"
        words = " ".join(map(str, (verb, number, since, mine, *spared))) + "\n"
        try:
            async with asyncio.timeout(ANSWER_S):
                self._raw.sendall(words.encode())
                return await answer
        except (OSError, TimeoutError):
            return None
        finally:
            del self._asked[number]

    def close(self) -> None:
        """Let go of the stream: the container ends by itself."""
        with contextlib.suppress(OSError, AttributeError):
            self._raw.shutdown(2)
        with contextlib.suppress(OSError, AttributeError):
            self._stream.close()

    def _read(self) -> None:
        inbox = b""
        for _, data in demultiplexed(self._raw):
            *lines, inbox = (inbox + data)[-65536:].split(b"\n")
            for line in lines:
                self._tell(self._heard, line)
        self._tell(self._ended)

    def _tell(self, act: Any, *facts: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens any more
            self.loop.call_soon_threadsafe(act, *facts)

    def _heard(self, line: bytes) -> None:
        if line == b"ready" and not self.ready.done():
            self.ready.set_result(None)
        words = line.split()
        if len(words) == 2 and all(word.isdigit() and len(word) < 16 for word in words):
            answer = self._asked.get(int(words[0]))
            if answer and not answer.done():
                answer.set_result(int(words[1]))

    def _ended(self) -> None:
        self.gone.set()
        if not self.ready.done():
            self.ready.set_result(None)
        for answer in self._asked.values():
            if not answer.done():
                answer.set_result(None)
