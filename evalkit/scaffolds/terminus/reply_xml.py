"""Replies in tags that look like XML, and are not: what stands between two is taken as it is.

    <response><analysis>..</analysis><plan>..</plan><commands><keystrokes duration="0.1">ls
    </keystrokes></commands><task_complete>true</task_complete></response>

The rules are terminal-bench's (0.2.18) and harbor's (0.25.0). Time is linear in the reply's length.
"""

from __future__ import annotations

import re

from evalkit.scaffolds.terminus.reply import DEFAULT_S, Command, Read, unended, wait_of

SECTIONS = ("analysis", "plan", "commands")
TAGS = (*SECTIONS, "task_complete")
_NUMBER = re.compile(r"""duration\s*=\s*["']([^"']*)["']""")
_ATTRIBUTE = re.compile(r"""(\w+)\s*=\s*(["']?)""")
_DONE = re.compile(r"<task_complete>\s*true\s*</task_complete>", re.I)
ENTITIES = {"&lt;": "<", "&gt;": ">", "&amp;": "&", "&quot;": '"', "&apos;": "'"}
ONE_BLOCK = "one block of <{tag}> at a time: only the first of {count} was taken"


def read_xml(text: str) -> Read:
    inside, warnings = _inside(text)
    if inside is None:
        return Read(error="there is no <response> in it", warnings=tuple(warnings))
    complete = _DONE.search(inside) is not None
    found = {tag: _section(inside, tag) for tag in TAGS}
    warnings += _about(inside, found)
    commands = found["commands"]
    if commands is None and not complete:
        return Read(error="there is no <commands> in it", warnings=tuple(warnings))
    if not commands:
        if not complete:
            warnings.append("there are no keystrokes: nothing is typed, and the terminal only looked at")
        return Read((), complete, "", tuple(warnings))
    return Read(_commands(commands, warnings), complete, "", tuple(warnings))


def salvage_xml(text: str) -> Read | None:
    """Of a reply that was cut: its first block, where all of that is there and there is no second."""
    end = text.find("</response>", text.find("</commands>"))
    if "</commands>" not in text or end == -1:
        return None
    whole = text[: end + len("</response>")]
    if whole.count("<response>") != 1 or whole.count("<commands>") != 1:
        return None
    read = read_xml(whole)
    return None if read.error else read


def _inside(text: str) -> tuple[str | None, list[str]]:
    """What the first block holds, to the text's end where it does not end."""
    start, warnings = text.find("<response>"), []
    if start == -1:
        return None, []
    if text[:start].strip():
        warnings.append("there is text before <response>")
    end = text.find("</response>", start)
    if end == -1:
        return text[start + len("<response>") :].strip(), [*warnings, "<response> does not end"]
    if text[end + len("</response>") :].strip():
        warnings.append("there is text after </response>")
        if (count := text.count("<response>")) > 1:
            warnings.append(ONE_BLOCK.format(tag="response", count=count))
    return text[start + len("<response>") : end].strip(), warnings


def _section(inside: str, tag: str) -> str | None:
    """Between the tag's first opening and its end; "" where it is empty, None where there is none."""
    start, head = inside.find(f"<{tag}>"), len(tag) + 2
    end = inside.find(f"</{tag}>", start) if start != -1 else -1
    if end != -1:
        return inside[start + head : end].strip()
    return "" if re.search(rf"<{tag}\s*/>", inside) else None


def _about(inside: str, found: dict[str, str | None]) -> list[str]:
    warnings = [f"there is no <{tag}>" for tag in SECTIONS if found[tag] is None]
    strange = {tag for tag in _top(inside) if tag not in TAGS}
    warnings += [f"<{tag[:40]}> is none of {', '.join(TAGS)}" for tag in sorted(strange)]
    for tag in TAGS:
        if (count := len(re.findall(rf"<{tag}(?:\s|>|/>)", inside))) > 1:
            warnings.append(ONE_BLOCK.format(tag=tag, count=count))
    places = [inside.find(f"<{tag}") for tag in SECTIONS if found[tag] is not None]
    if places != sorted(places):
        warnings.append(f"the order is {', '.join(SECTIONS)}")
    return warnings


def _top(inside: str) -> list[str]:
    """The names of tags that stand in no other one."""
    names, depth = [], 0
    for match in re.finditer(r"<([^<>]+)>", inside):
        tag = match[1]
        if tag.startswith(("!", "?")):
            continue
        if tag.startswith("/"):
            depth -= 1
            continue
        if depth == 0:
            names.append(tag.rstrip("/").split()[0] if tag.strip("/ \t\n") else tag)
        depth += not tag.endswith("/")
    return names


def _commands(inside: str, warnings: list[str]) -> tuple[Command, ...]:
    found = list(_keystrokes(inside))
    made = []
    for number, (attributes, keys) in enumerate(found, 1):
        warnings += _wrong(attributes, number)
        if number < len(found) and not keys.endswith("\n"):
            warnings.append(unended(number))
        made.append(Command(keys, _duration(attributes, number, warnings)))
    warnings += [f"{e} is typed as it stands, not as {c}" for e, c in ENTITIES.items() if e in inside]
    if "\\r\\n" in inside:
        warnings.append("\\r\\n is typed as it stands: end lines with a line break")
    return tuple(made)


def _keystrokes(inside: str) -> list[tuple[str, str]]:
    """Attributes and content of each, in order."""
    found, at, opening = [], 0, "<keystrokes"
    while (start := inside.find(opening, at)) != -1:
        head = inside.find(">", start)
        end = inside.find("</keystrokes>", head)
        if head == -1 or end == -1:
            break
        found.append((inside[start + len(opening) : head], inside[head + 1 : end]))
        at = end
    return found


def _duration(attributes: str, number: int, warnings: list[str]) -> float:
    match = _NUMBER.search(attributes)
    try:
        return wait_of(float(match[1])) if match else _usual(number, "has no duration", warnings)
    except ValueError:
        return _usual(number, "has a duration that is no number", warnings)


def _usual(number: int, wrong: str, warnings: list[str]) -> float:
    warnings.append(f"command {number} {wrong}: it waits {DEFAULT_S:g} s")
    return DEFAULT_S


def _wrong(attributes: str, number: int) -> list[str]:
    wrong = []
    for name, quote in _ATTRIBUTE.findall(attributes):
        if name != "duration":
            wrong.append(f"command {number} has an attribute that there is not: {name[:40]}")
        elif quote != '"':
            wrong.append(f'command {number} has an attribute that is not quoted as {name}="..."')
    return wrong
