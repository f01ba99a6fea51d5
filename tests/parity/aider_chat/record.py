"""Tell Aider's own chat the stories and write down what it sends and counts.

    VENV/bin/python -m tests.parity.aider_chat.record > tests/parity/aider_chat/told.jsonl

VENV holds PyPI's aider-chat (recorded: 0.86.2), not evalkit. What benchmark.py of commit 5dc9490 does around
the chat is done here as it does it; the tests' outcomes are the story's. Nothing of Aider's words is kept.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import tempfile
import webbrowser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import litellm
from aider import models
from aider.coders import Coder
from aider.io import InputOutput

from tests.parity.aider_chat.stories import (
    AGREED,
    ASKED,
    CUT,
    REFLECTED,
    STORIES,
    TESTS,
    TRIES,
    UPDATED,
    Story,
)

LAZY = re.compile(r"^[+]? *[#].* [.][.][.] ", re.MULTILINE)


def tell(story: Story, folder: Path) -> dict[str, Any]:
    (folder / "src").mkdir()
    (folder / "src" / "double.py").write_text(story.stub)
    (folder / "double_test.py").write_text(TESTS)
    io = InputOutput(pretty=False, yes=True, chat_history_file=folder / ".history.md")
    model = models.Model("openai/scripted", weak_model=None)
    requests: list[list[dict[str, str]]] = []
    turns = iter(story.turns)

    def complete(messages: Any, functions: Any, stream: Any, temperature: Any) -> Any:
        requests.append([dict(message) for message in messages])
        text, reason = next(turns)
        if reason == "context":
            raise litellm.ContextWindowExceededError("too long", "scripted", "openai")
        message = SimpleNamespace(content=text, tool_calls=None)
        choices = [SimpleNamespace(message=message, finish_reason=reason)]
        return hashlib.sha1(b""), SimpleNamespace(choices=choices, usage=None)

    model.send_completion = complete
    coder = Coder.create(
        model,
        story.edit_format,
        io,
        fnames=[folder / "src" / "double.py"],
        use_git=False,
        stream=False,
        cache_prompts=True,
        suggest_shell_commands=False,
    )
    coder.get_file_mentions = lambda content: set()
    reflected: set[str] = set()
    send = coder.send_message

    def send_message(text: str) -> Any:
        if text not in asked:
            reflected.add(text)
        yield from send(text)

    coder.send_message = send_message
    asked = [ASKED]
    counts: dict[str, Any] = {"outcomes": [], "lazy_comments": 0, "syntax_errors": 0, "indentation_errors": 0}
    for output in story.tests[:TRIES]:
        response = coder.run(with_message=asked[-1], preproc=False)
        counts["lazy_comments"] += len(LAZY.findall(response))
        counts["outcomes"].append(output is None)
        if output is None:
            break
        lines = output.splitlines()
        counts["syntax_errors"] += sum(line.startswith("SyntaxError") for line in lines)
        counts["indentation_errors"] += sum(line.startswith("IndentationError") for line in lines)
        asked.append("\n".join(lines) + "\n####\nChange double.py")
    counts |= {
        "malformed_responses": coder.num_malformed_responses,
        "error_outputs": io.num_error_outputs,
        "user_asks": io.num_user_asks,
        "exhausted_context_windows": coder.num_exhausted_context_windows,
        "test_timeouts": 0,
    }
    files = {str(p.relative_to(folder)): p.read_text() for p in sorted(folder.rglob("*.py"))}
    said = [plain(request, coder, reflected) for request in requests]
    return {"story": story.name, "counts": counts, "requests": said, "files": files}


def plain(messages: list[dict[str, Any]], coder: Any, reflected: set[str]) -> list[list[str]]:
    """A request from what follows the examples on, without Aider's own words."""
    words = coder.gpt_prompts
    start = (
        max(i for i, m in enumerate(messages) if text_of(m).startswith("I switched to a new code base")) + 2
    )
    plain = []
    for message in messages[start:]:
        text = text_of(message)
        if text.startswith(words.files_content_prefix):
            text = text.removeprefix(words.files_content_prefix)
        elif text in (words.files_content_assistant_reply, "Ok."):
            text = AGREED
        elif text == words.files_content_gpt_edits_no_repo:
            text = UPDATED
        elif text.startswith("FinishReasonLength"):
            text = CUT
        elif message is messages[-1] and "\n\n" in text:
            known = [*reflected, *text_asked(text)]
            text = next((k for k in sorted(known, key=len, reverse=True) if text.startswith(k)), text)
        plain.append([message["role"], REFLECTED if text in reflected else text])
    return plain


def text_asked(text: str) -> list[str]:
    """The part of a last message that was asked: up to where the rules begin, which follow an empty line."""
    head, mark, _ = text.partition("\n####\nChange double.py")
    return [head + mark] if mark else []


def text_of(message: dict[str, Any]) -> str:
    content = message["content"]
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


def main() -> None:
    webbrowser.open = lambda *a, **k: True
    out, sys.stdout = sys.stdout, sys.stderr
    rows = []
    for story in STORIES:
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder).resolve() / "work"
            home.mkdir()
            os.chdir(home)
            rows.append(tell(story, home))
            os.chdir("/")
    out.write("".join(json.dumps(row, sort_keys=True) + "\n" for row in rows))


if __name__ == "__main__":
    main()
