"""The corpus: odd replies by hand, good ones of every place and format, and good ones with faults.

Everything comes out of fixed seeds, so that only outcomes need keeping (outcomes.jsonl), with a digest of
each case. Nothing here needs evalkit: record.py runs it in Aider's environment.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from .block_mutations import BLOCKS
from .hunk_mutations import HUNKS
from .mutations import EVERYWHERE
from .odd import ODD
from .places import PLACES, Place
from .replies import WRITERS, changes

FORMATS = ("whole", "diff", "diff-fenced", "udiff")
MUTATIONS = {
    "whole": EVERYWHERE,
    "diff": EVERYWHERE + BLOCKS,
    "diff-fenced": EVERYWHERE + BLOCKS,
    "udiff": EVERYWHERE + HUNKS,
}
TIMES = 5  # how often each mutation is tried


@dataclass(frozen=True)
class Case:
    id: str
    format: str
    place: Place
    reply: str

    @property
    def digest(self) -> str:
        content = [self.format, self.place.chat, self.place.others, self.reply]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]


def cases(times: int = TIMES, seed: str = "") -> Iterator[Case]:
    by_name = {place.name: place for place in PLACES}
    count: Counter[str] = Counter()
    for kind, form, name, reply in ODD:
        for other in (form, "diff-fenced") if form == "diff" and kind == "block" else (form,):
            key = f"{other}/odd-{kind}"
            count[key] += 1
            yield Case(f"{key}/{count[key]}", other, by_name[name], reply)
    for form in FORMATS:
        for place in PLACES:
            for number in range(times):
                chance = Random(f"{seed}{form} {place.name} {number}")
                yield Case(f"{form}/good-{place.name}/{number + 1}", form, place, good(form, place, chance))
        for at, mutation in enumerate(MUTATIONS[form]):
            for number in range(times):
                chance = Random(f"{seed}{form} {mutation.__name__} {at} {number}")
                place = chance.choice(PLACES)
                reply = mutation(good(form, place, chance), chance)
                key = f"{form}/{mutation.__name__}-{at}"
                yield Case(f"{key}/{number + 1}", form, place, reply)
        for number in range(20 * times):
            chance = Random(f"{seed}{form} mixed {number}")
            place = chance.choice(PLACES)
            reply = good(form, place, chance)
            for mutation in chance.choices(MUTATIONS[form], k=chance.choice((2, 3))):
                reply = mutation(reply, chance) if reply.count("\n") > 1 else reply
            yield Case(f"{form}/mixed/{number + 1}", form, place, reply)


def good(form: str, place: Place, chance: Random) -> str:
    names = shown_names(place)
    texts = {names[path]: text for path, text in place.chat.items()}
    fence = ("````", "````") if place.name == "fenced" else ("```", "```")
    return WRITERS[form](changes(place, names, chance), texts, fence)


def shown_names(place: Place) -> dict[str, str]:
    """Path to the name in the chat: relative to the folder that all the chat's files lie in."""
    paths = list(place.chat)
    folder = posixpath.dirname(paths[0]) if len(paths) == 1 else posixpath.commonpath(paths)
    return {path: posixpath.relpath(path, folder or ".") for path in paths}
