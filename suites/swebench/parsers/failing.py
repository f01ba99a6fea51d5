"""Reporters of which only failures are read: their instances are graded by what is seen failing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from ..instances import Instance
from ..statuses import FAILED, Statuses
from .mocha import ANSI


def failures(names: Iterator[str] | list[str]) -> Statuses:
    return dict.fromkeys(names, FAILED)


def one_line(name: str) -> str:
    return re.sub(r"\s+", " ", name).strip()


def eslint(text: str, instance: Instance) -> Statuses:
    """From a failure's number to the line with its Error."""
    return failures([one_line(name) for name in re.findall(r"\s{2}\d+\)([\s\S]*?)\s+.*Error", text)])


BPMN = (
    r"2KPhantomJS\s[\d.]+\s\(Linux\s[\d.]+\)\s(.*)FAILED\n",
    r"2KPhantomJS\s[\d.]+\s\(Linux\sx86_64\)\s(.*)FAILED\n",
    r"Chrome\sHeadless\s.*\s\(Linux\sx86_64\)\s(.*)FAILED\n",
    r"HeadlessChrome\s[\d.]+\s\(Linux\s[\d.]+\)\s(.*)FAILED\n",
)


def bpmn(text: str, instance: Instance) -> Statuses:
    return failures([name for pattern in BPMN for name in re.findall(pattern, text)])


OPENLAYERS = (
    r"Chrome\sHeadless\s[\d.]+\s\(Linux\s\S+\)\s(.*)\sFAILED\n",
    r"Chrome\s[\d.]+\s\(Linux\s\S+\)\s(.*)FAILED\n",
    r"^\s{2}\d+\)([\s\S]*?)Error:",
    r"^case\s(.*):\smismatch",
)


def openlayers(text: str, instance: Instance) -> Statuses:
    return failures(
        [one_line(name) for pattern in OPENLAYERS for name in re.findall(pattern, text, re.MULTILINE)]
    )


def chart(text: str, instance: Instance) -> Statuses:
    pattern = r"Chrome\s[\d.]+[^\S\r\n]\(.+?\)[^\S\r\n](.*)FAILED$"
    return failures(re.findall(pattern, ANSI.sub("", text), re.MULTILINE))


def marked(text: str, instance: Instance) -> Statuses:
    found = (re.match(r"\d+\)\s(.*)", line) for line in text.split("\n"))
    return failures([match[1].strip() for match in found if match])


def p5(text: str, instance: Instance) -> Statuses:
    """Numbered names up to a colon, each line indented more than the one before; data dumps are taken out."""
    text = without_elements("\n".join(without_data(ANSI.sub("", text).split("\n"))))
    found = re.finditer(r"^[^\S\n]*\d+\)(.{0,1000}?):", text, re.MULTILINE | re.DOTALL)
    names = [match[1].split("\n") for match in found]
    return failures([":".join(map(str.strip, lines)) for lines in names if ever_deeper(lines)])


def ever_deeper(lines: list[str]) -> bool:
    indents = [0, *(len(line) - len(line.lstrip()) for line in lines)]
    return all(before < after for before, after in pairwise(indents))


def without_data(lines: list[str]) -> Iterator[str]:
    """Without lines from one that ends with an opening bracket to the bracket that closes it alone, of braces
    and square brackets each, and without those that are an object or a list as a whole."""
    inside = {"}": False, "]": False}
    for line in lines:
        content = line.rstrip()
        if content.endswith(("{", "[")):
            inside["}" if content.endswith("{") else "]"] = True
        elif inside.get(content):
            inside[content] = False
        elif not any(inside.values()) and not is_data(content):
            yield line


def is_data(content: str) -> bool:
    return any(content.startswith(a) and content.endswith(b) for a, b in ("{}", "[]"))


def without_elements(text: str) -> str:
    """Without <a>...</a>, innermost first; opening tags in between stay, to be closed by a later one."""
    element = re.compile(r"<(\w+)>[\s\S]*?</\1>")
    while found := element.search(text):
        tag = f"<{found[1]}>"
        text = text[: found.start()] + tag * (found[0].count(tag) - 1) + text[found.end() :]
    return text
