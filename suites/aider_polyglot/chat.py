"""How a request is put together: as Aider's chat does (format_chat_chunks of aider/coders/base_coder.py).

    system prompt and rules | worked examples | what is done | the files as they are now | what is being said

The files are shown anew in each request. Turns that led to an edit move up to what is done, so that
the newest contents always stand last. The rules are said once more after the last message of the user.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from evalkit.model import Message

from . import prompts
from .edits import choose_fence
from .prompts import WORDINGS, Fence, fenced


@dataclass(frozen=True)
class Chat:
    """A conversation so far. `done` and `current` hold what was said, without files and rules."""

    edit_format: str
    done: tuple[Message, ...] = ()
    current: tuple[Message, ...] = ()

    def user(self, text: str) -> Chat:
        return replace(self, current=(*self.current, Message("user", text)))

    def assistant(self, text: str) -> Chat:
        return replace(self, current=(*self.current, Message("assistant", text)))

    def updated(self) -> Chat:
        """After an edit: what was said so far is done, and so is the edit."""
        told = (Message("user", prompts.UPDATED), Message("assistant", prompts.AGREED))
        return replace(self, done=(*self.done, *self.current, *told), current=())

    def request(self, files: Mapping[str, str]) -> tuple[Message, ...]:
        """All messages of the next call. `files`: what is shown, by name, in order."""
        wording, fence = WORDINGS[self.edit_format], choose_fence(files.values())
        rules = fenced(wording.rules, fence)
        return (
            Message("system", f"{fenced(wording.system, fence)}\n{rules}"),
            *_examples(wording.examples, fence),
            *self.done,
            Message("user", prompts.FILES + _listed(files, fence)),
            Message("assistant", prompts.FILES_AGREED),
            *_reminded(self.current, rules),
        )


def _examples(examples: tuple[tuple[str, str], ...], fence: Fence) -> tuple[Message, ...]:
    turns = ((Message("user", asked), Message("assistant", fenced(said, fence))) for asked, said in examples)
    end = (Message("user", prompts.NEXT_PROJECT), Message("assistant", prompts.AGREED))
    return (*(message for turn in turns for message in turn), *end)


def _listed(files: Mapping[str, str], fence: Fence) -> str:
    return "".join(f"\n{name}\n{fence[0]}\n{text}{fence[1]}\n" for name, text in files.items())


def _reminded(current: tuple[Message, ...], rules: str) -> tuple[Message, ...]:
    last = current[-1]
    return (*current[:-1], replace(last, content=f"{last.content}\n\n{rules}"))
