"""What a Dockerfile begins with, and the same text on other bases."""

from __future__ import annotations

import pytest

from evalkit.errors import SandboxError
from evalkit.sandbox.dockerfile import base, instructions, outside, rewritten, stages

STAGED = """\
# syntax=docker/dockerfile:1
ARG VERSION=3.13 OTHER
ARG TAG="slim"
FROM --platform=linux/amd64 python:${VERSION}-${TAG} AS Build
RUN echo FROM nowhere && \\
    # FROM a comment within
    echo two
from debian:bookworm-slim@sha256:0123 as target
COPY --from=Build /a /b
FROM scratch
COPY . /
FROM build
RUN true
"""


def test_outside_images_are_told_once_without_stages_and_scratch() -> None:
    assert outside(STAGED) == ["python:3.13-slim", "debian:bookworm-slim@sha256:0123"]
    assert [stage.stage for stage in stages(STAGED)] == ["Build", "target", "", ""]
    assert base(STAGED) == "python:3.13-slim"


def test_only_from_lines_change() -> None:
    told = rewritten(
        STAGED, {"python:3.13-slim": "sha256:1", "debian:bookworm-slim@sha256:0123": "mine:2"}, ["A"]
    )
    expected = STAGED.replace(
        "FROM --platform=linux/amd64 python:${VERSION}-${TAG} AS Build", "FROM sha256:1 AS Build\nARG A"
    )
    expected = expected.replace(
        "from debian:bookworm-slim@sha256:0123 as target", "FROM mine:2 AS target\nARG A"
    )
    expected = expected.replace("FROM scratch", "FROM scratch\nARG A").replace(
        "FROM build", "FROM build\nARG A"
    )
    assert told == expected


@pytest.mark.parametrize(
    ("text", "images"),
    [
        ("FROM a\n", ["a"]),
        ("from a:1 as x\nfrom X\n", ["a:1"]),
        ("FROM \\\n  a \\\n  AS x\n", ["a"]),
        ("ARG B=a\nFROM ${B:-c}\n", ["a"]),
        ("FROM ${B:-c}\n", ["c"]),
        ("# escape=`\nFROM `\n a\nRUN dir c:\\\nFROM b\n", ["a", "b"]),
        ("FROM a\nRUN echo \\\n\n  FROM b\n", ["a"]),
    ],
)
def test_forms_of_from(text: str, images: list[str]) -> None:
    assert outside(text) == images


def test_a_file_without_from_is_none() -> None:
    with pytest.raises(SandboxError, match="no FROM line"):
        stages("# FROM a\nRUN true\n")


def test_an_instruction_is_one_text_with_its_lines() -> None:
    assert [(i.text, i.first, i.last) for i in instructions("\nA \\\n b\n# c\nD")] == [
        ("A  b", 1, 2),
        ("D", 4, 4),
    ]
