"""A page read back as a tree of elements, strictly: what is opened is closed, in order."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from html.parser import HTMLParser

VOID = {"meta", "input", "link", "img", "br", "hr", "path", "circle", "rect"}


@dataclasses.dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    inside: list[Element | str] = dataclasses.field(default_factory=list)

    def all(self, tag: str = "", css: str = "") -> Iterator[Element]:
        for part in self.inside:
            if isinstance(part, Element):
                if tag in ("", part.tag) and (not css or css in part.attributes.get("class", "").split()):
                    yield part
                yield from part.all(tag, css)

    @property
    def text(self) -> str:
        return "".join(part if isinstance(part, str) else part.text for part in self.inside)


class _Tree(HTMLParser):
    """Elements in one another; an end that fits no beginning is an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open = [Element("", {})]
        self.feed(text)
        self.close()
        assert len(self.open) == 1, self.open[-1].tag
        self.root = self.open[0]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), (tag, names)
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].inside.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].inside.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, (tag, self.open[-1].tag)
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].inside.append(data)


def tree(text: str) -> Element:
    return _Tree(text).root
