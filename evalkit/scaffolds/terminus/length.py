"""How long a conversation is: in tokens, as the server counted them with each reply.

What it does not tell is estimated, by bytes. No tokenizer is needed, and a rollout that is made again from
its record comes to the same numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.model import Message, Reply

BYTES_A_TOKEN = 3  # terminal output and code; prose has more


class Length:
    """Of one conversation that grows. `most`: of all that ever got a reply."""

    def __init__(self) -> None:
        self._known: dict[int, int] = {}  # how many messages it had, and how many tokens these were
        self.most = 0

    def heard(self, conversation: Sequence[Message], reply: Reply) -> None:
        """The reply is its last message. What was only thought is not sent again."""
        usage = reply.usage
        if usage.prompt_tokens is None or usage.completion_tokens is None:
            return
        said = max(0, usage.completion_tokens - (usage.reasoning_tokens or 0))
        self._known[len(conversation)] = usage.prompt_tokens + said
        self.most = max(self.most, usage.prompt_tokens + said)

    def of(self, conversation: Sequence[Message]) -> int:
        """Tokens of it, or of its beginning."""
        upto = max((n for n in self._known if n <= len(conversation)), default=0)
        rest = sum(len(message.content.encode(errors="replace")) for message in conversation[upto:])
        return self._known.get(upto, 0) + -(-rest // BYTES_A_TOKEN)

    def anew(self) -> None:
        """Another conversation begins."""
        self._known.clear()
