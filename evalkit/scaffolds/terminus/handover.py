"""A conversation that gets too long is handed over: three calls of the tested model, then it begins anew.

    all that was said ──▶ a summary ──▶ questions of one who knows nothing else ──▶ their answers
    first message + summary, questions ──▶ answers ──▶ the work goes on

So Terminus 2 does it (harbor 0.25.0): where fewer than 8,000 tokens are free; and where the server refuses a
conversation, after whole turns were taken from its end until 4,000 are. What can be done where that fails,
too: a short word on what comes next; without any word, the screen.
"""

from __future__ import annotations

from dataclasses import dataclass

from evalkit.errors import ContextExceeded
from evalkit.interaction import Act, Ask
from evalkit.model import Message
from evalkit.scaffolds.extract import without_reasoning
from evalkit.scaffolds.terminus import words
from evalkit.scaffolds.terminus.length import Length
from evalkit.scaffolds.terminus.shown import STATE_CHARS, do, limited

FREE_BEFORE, FREE_AFTER = 8_000, 4_000  # tokens
Talk = tuple[Message, ...]


@dataclass
class Handover:
    """Of one rollout. `first` is the conversation's first message, `ask` the way to the tested model."""

    task: str
    ask: Ask
    length: Length
    context: int | None = None
    first: Message | None = None
    made: int = 0

    def needed(self, history: Talk) -> bool:
        """Whether a history, which ends with a reply, leaves too little of the context free."""
        return self.context is not None and self.context - self.length.of(history) < FREE_BEFORE

    async def proactive(self, history: Talk, act: Act) -> Talk | None:
        """The new conversation; None where the history cannot be summed up, and things go on as they are."""
        try:
            return await self._whole(history, act)
        except ContextExceeded:
            return None

    async def forced(self, conversation: Talk, act: Act) -> Talk:
        """Of a conversation that the server refused; its last message got no reply."""
        history = self._unwound(conversation)
        if len(history) > 1:
            try:
                return await self._whole(history, act)
            except ContextExceeded:
                pass
        return await self._short(history, act)

    async def bare(self, act: Act) -> Talk:
        """Nothing but the first message and the screen's end: no call is made."""
        return self._anew(_joined(self._first, f"The terminal now:\n{await self._state(act)}"))

    # -- its parts ---------------------------------------------------------------------------------
    async def _whole(self, history: Talk, act: Act) -> Talk:
        asked = _user(history, words.SUMMARY.format(task=self.task))
        summary = await self._said(asked)
        screen = limited((await do(act, "screen")).text)
        wondering = words.QUESTIONS.format(task=self.task, summary=summary, terminal=screen)
        questions = await self._said(_user((), wondering))
        answers = await self._said(
            _user((*asked, Message("assistant", summary)), words.ANSWERS.format(questions=questions))
        )
        self.made += 1
        begun = (_joined(self._first, wondering), Message("assistant", questions))
        return self._anew(*_user(begun, words.GO_ON.format(answers=answers)))

    async def _short(self, history: Talk, act: Act) -> Talk:
        state = f"The terminal now:\n{await self._state(act)}"
        try:
            asked = words.SHORT.format(task=self.task, terminal=await self._state(act))
            said = await self._said(_user((), asked))
            state = f"What comes next:\n{said}\n\n{state}"
        except ContextExceeded:
            pass
        self.made += 1
        return self._anew(*_user(history, words.GO_ON_SHORT.format(task=self.task, state=state)))

    def _unwound(self, conversation: Talk) -> Talk:
        """Without its last message, and as many of its last turns as leave room for a summary."""
        refused = max(self.length.of(conversation), self.length.most)
        limit = min(self.context or refused, refused)
        history = conversation[:-1] if conversation[-1].role == "user" else conversation
        while limit - self.length.of(history) < FREE_AFTER:
            last = max((n for n, message in enumerate(history) if message.role == "user"), default=0)
            history = history[: max(last, 1)]  # the first message, with what was handed over before, stays
            if not last:
                break
        return history or (self._first,)

    async def _said(self, asked: Talk) -> str:
        return without_reasoning((await self.ask("tested", asked)).text)

    async def _state(self, act: Act) -> str:
        return limited((await do(act, "screen")).text[-STATE_CHARS:])

    def _anew(self, *messages: Message) -> Talk:
        self.length.anew()
        return messages

    @property
    def _first(self) -> Message:
        assert self.first is not None, "the conversation has begun"
        return self.first


def _user(history: Talk, text: str) -> Talk:
    """The history with a user's message: there are never two in a row, which some servers refuse."""
    if history and history[-1].role == "user":
        return (*history[:-1], _joined(history[-1], text))
    return (*history, Message("user", text))


def _joined(message: Message, text: str) -> Message:
    return Message("user", f"{message.content}\n\n{text}")
