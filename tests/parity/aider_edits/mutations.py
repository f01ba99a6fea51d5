"""What goes wrong in replies of any format: each takes a good one and damages it, at a random spot."""

from __future__ import annotations

import re
from random import Random

from .lines import MARKER, NAME, Mutation, lines_of, one_of


def drop_line(reply: str, chance: Random) -> str:
    lines = lines_of(reply)
    del lines[chance.randrange(len(lines))]
    return "".join(lines)


def double_line(reply: str, chance: Random) -> str:
    lines = lines_of(reply)
    at = chance.randrange(len(lines))
    return "".join([*lines[: at + 1], *lines[at:]])


def swap_lines(reply: str, chance: Random) -> str:
    lines = lines_of(reply)
    at = chance.randrange(len(lines) - 1)
    lines[at], lines[at + 1] = lines[at + 1], lines[at]
    return "".join(lines)


def cut_short(reply: str, chance: Random) -> str:
    return reply[: chance.randrange(len(reply))]


def cut_at_line(reply: str, chance: Random) -> str:
    lines = lines_of(reply)
    return "".join(lines[: chance.randrange(len(lines))])


def cut_off_head(reply: str, chance: Random) -> str:
    lines = lines_of(reply)
    return "".join(lines[chance.randrange(len(lines)) :])


def crlf(reply: str, chance: Random) -> str:
    return reply.replace("\n", "\r\n")


def some_crlf(reply: str, chance: Random) -> str:
    return "".join(line.replace("\n", "\r\n") if chance.random() < 0.3 else line for line in lines_of(reply))


def indent_all(reply: str, chance: Random) -> str:
    pad = chance.choice((" ", "  ", "    ", "\t"))
    return "".join(pad + line for line in lines_of(reply))


def indent_body(reply: str, chance: Random) -> str:
    """All but marks, names and fences."""
    pad = chance.choice((" ", "  ", "    ", "\t"))
    return "".join(
        line if MARKER.match(line.strip()) or NAME.match(line.strip()) or line.startswith("`") else pad + line
        for line in lines_of(reply)
    )


def outdent_body(reply: str, chance: Random) -> str:
    size = chance.choice((1, 2, 4, 8))
    return "".join(re.sub(f"^ {{1,{size}}}", "", line) for line in lines_of(reply))


def indent_line(reply: str, chance: Random) -> str:
    lines = lines_of(reply)
    at = chance.randrange(len(lines))
    lines[at] = chance.choice((" ", "    ", "\t")) + lines[at]
    return "".join(lines)


def tabs(reply: str, chance: Random) -> str:
    return reply.replace("    ", "\t")


def trailing_space(reply: str, chance: Random) -> str:
    return "".join(
        line.replace("\n", chance.choice((" \n", "\t\n", "  \n"))) if chance.random() < 0.3 else line
        for line in lines_of(reply)
    )


def blank_line(reply: str, chance: Random) -> str:
    lines = lines_of(reply)
    lines.insert(chance.randrange(len(lines) + 1), chance.choice(("\n", "    \n", "\n\n")))
    return "".join(lines)


def no_blank_lines(reply: str, chance: Random) -> str:
    return "".join(line for line in lines_of(reply) if line.strip(" \n"))


def prose(reply: str, chance: Random) -> str:
    lines = lines_of(reply)
    said = chance.choice(
        (
            "I changed `tank.py`.\n",
            "See `pump.py`, then `tank.py`:\n",
            "Next file:\n",
            "...\n",
            "run.py\n",
            "and so on\n",
        )
    )
    lines.insert(chance.randrange(len(lines) + 1), said)
    return "".join(lines)


def no_fences(reply: str, chance: Random) -> str:
    return "".join(line for line in lines_of(reply) if not line.startswith("`"))


def no_fence(reply: str, chance: Random) -> str:
    lines = lines_of(reply)
    at = one_of(lines, chance, lambda line: line.startswith("`"))
    if at is not None:
        del lines[at]
    return "".join(lines)


def other_fence(reply: str, chance: Random) -> str:
    opening, closing = chance.choice(
        (("````", "````"), ("<source>", "</source>"), ("~~~", "~~~"), ("``", "``"))
    )
    lines, inside = [], False
    for line in lines_of(reply):
        if line.startswith("```"):
            line, inside = ((closing if inside else opening + line[3:].strip()) + "\n"), not inside
        lines.append(line)
    return "".join(lines)


def nested_fence(reply: str, chance: Random) -> str:
    lines = lines_of(reply)
    at = chance.randrange(len(lines) + 1)
    return "".join([*lines[:at], "```\n", "x\n", "```\n", *lines[at:]])


def all_fenced(reply: str, chance: Random) -> str:
    return f"```{chance.choice(('', 'markdown', 'diff', 'bash'))}\n{reply}```\n"


def rename(reply: str, chance: Random) -> str:
    lines = lines_of(reply)
    at = one_of(lines, chance, NAME.match)
    if at is None:
        return reply
    mark, name = NAME.match(lines[at].rstrip("\n")).groups()  # type: ignore[union-attr]
    base = name.split("/")[-1]
    stem, _, end = base.rpartition(".")
    lines[at] = (
        mark
        + chance.choice(
            (
                base,
                f"path/to/{base}",
                f"./{name}",
                f"x/../{name}",
                f"{stem}s.{end}",
                f"{stem[:-1]}.{end}",
                f"{stem}.{end}.{end}",
                name.upper(),
                f"new_{base}",
                f"new/folder/{base}",
                "other.py",
                "tank_test.py",
                "go.mod",
                "docs/read.md",
                "tank",
                f"{name}/x.py",
                f"{name} ",
                f"a/{name}",
                f"b/{name}",
                "lib",
                "src/",
            )
        )
        + "\n"
    )
    return "".join(lines)


def dressed_name(reply: str, chance: Random) -> str:
    form = chance.choice(
        ("**{}**", "`{}`", "# {}", "### {}", "{}:", "**`{}`**", "File: {}", "`{}`:", "// {}", "({})", "- {}",
         '"{}"', "#{}:", "*{}*:", "  {}", "{} (new)", "```{}", "```python {}", "{}**", "# `{}`:",
         "..."))  # fmt: skip
    mark = r"^((?:--- |\+\+\+ )?)(\S+\.\w+)$"
    return re.sub(mark, lambda found: found[1] + form.format(found[2]), reply, flags=re.MULTILINE)


def no_name(reply: str, chance: Random) -> str:
    lines = lines_of(reply)
    at = one_of(lines, chance, NAME.match)
    if at is not None:
        lines[at : at + 1] = chance.choice(([], ["\n"], [" \n"], ["```\n"]))
    return "".join(lines)


def name_inside_fence(reply: str, chance: Random) -> str:
    return re.sub(r"^(\S+\.\w+)\n(```\w*)$", r"\2\n\1", reply, flags=re.MULTILINE)


def name_fenced(reply: str, chance: Random) -> str:
    return re.sub(r"^(\S+\.\w+)\n(```\w*)$", r"```\n\1\n```\n\2", reply, flags=re.MULTILINE)


def twice(reply: str, chance: Random) -> str:
    return reply + chance.choice(("", "\n", "\nAgain:\n\n")) + reply


def backwards(reply: str, chance: Random) -> str:
    parts = reply.split("\n\n")
    return "\n\n".join(parts[::-1])


def odd_characters(reply: str, chance: Random) -> str:
    at = chance.randrange(len(reply))
    return (
        reply[:at]
        + chance.choice(("\f", "\v", "\x85", "\u2028", "\r", "\ufeff", "\x1c", "\u00a0", "🙂", "←"))
        + reply[at:]
    )


EVERYWHERE: tuple[Mutation, ...] = (
    drop_line, double_line, swap_lines, cut_short, cut_at_line, cut_off_head, crlf, some_crlf, indent_all,
    indent_body, outdent_body, indent_line, tabs, trailing_space, blank_line, no_blank_lines, prose,
    no_fences, no_fence, other_fence, nested_fence, all_fenced, rename, rename, dressed_name, no_name,
    name_inside_fence, name_fenced, twice, backwards, odd_characters,
)  # fmt: skip
