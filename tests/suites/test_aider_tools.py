"""The exercises by function calls: who talks is nudged, who has finished says so."""

from __future__ import annotations

from evalkit_suites.aider_polyglot.tool_use import NUDGE, NUDGES, ToolUse

from evalkit.interaction import Said
from evalkit.model import Message, Reply
from tests.suites.test_aider_partner import World, exercise

ASKED = Message("user", NUDGE)


async def said(partner: ToolUse, conversation: tuple[Message, ...], text: str) -> Said:
    conversation = (*conversation, Message("assistant", text))
    found: Said = await partner.answer(conversation, Reply(text), World([]).act)
    return found


async def test_the_first_request_has_the_statement_and_the_files_to_write() -> None:
    system, asked = await ToolUse(exercise()).open(World([]).act)
    assert (system.role, asked.role) == ("system", "user")
    assert asked.content.startswith("Double it.\n")
    assert "src/double.py" in asked.content


async def test_who_talks_is_nudged_and_in_the_end_taken_by_the_work() -> None:
    partner = ToolUse(exercise())
    conversation = await partner.open(World([]).act)
    for _ in range(NUDGES):
        answer = await said(partner, conversation, "I think that it should double.")
        assert answer.messages[-1] == ASKED
        conversation = answer.messages
    assert (await said(partner, conversation, "Still thinking.")).end == "done"
    conversation = (*conversation, Message("tool", "written", tool_call_id="1"))
    assert not (await said(partner, conversation, "And now?")).end  # it has worked in between
    assert partner.facts()["nudged"] == NUDGES + 1


async def test_done_is_done() -> None:
    partner = ToolUse(exercise())
    opening = await partner.open(World([]).act)
    for text in ("DONE", "<think>Is it?</think>\n**Done.**\n"):
        assert (await said(partner, opening, text)).end == "done"
    assert partner.facts()["said_done"]
    assert not (await said(partner, opening, "It is not done.")).end
    assert (await partner.overflow(opening, World([]).act)).end == "context"
