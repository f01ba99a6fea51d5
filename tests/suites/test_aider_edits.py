"""The edit parser where Aider is no measure: what stays within the workspace, and what takes too long. All
else is as in Aider: tests/parity/test_aider_edits.py."""

from __future__ import annotations

import pytest
from evalkit_suites.aider_polyglot.edits import (
    FORMATS,
    Edited,
    apply_edits,
    choose_fence,
    common_folder,
    lazy_comments,
    shown_name,
)

FENCE = ("```", "```")


def edit(form: str, reply: str, text: str = "x = 1\n") -> Edited:
    return apply_edits(form, reply, {"src/a.py": text}, {"b.txt": "b\n"}, fence=FENCE, folder="src")


def block(search: str, replace: str, name: str = "a.py") -> str:
    return f"{name}\n```\n<<<<<<< SEARCH\n{search}=======\n{replace}>>>>>>> REPLACE\n```\n"


def test_formats_are_those_of_the_benchmark() -> None:
    assert FORMATS == ("whole", "diff", "diff-fenced", "udiff")


@pytest.mark.parametrize(
    "name", ["/etc/x.py", "../../x.py", "../../../etc/x.py", "../..", "//x.py", "// a.py"]
)
@pytest.mark.parametrize("form", ["whole", "diff", "udiff"])
def test_nothing_leads_out_of_the_workspace(form: str, name: str) -> None:
    reply = {
        "whole": f"{name}\n```\ny = 1\n```\n",
        "diff": block("", "y = 1\n", name),
        "udiff": f"```diff\n--- {name}\n+++ {name}\n@@ @@\n+y = 1\n```\n",
    }[form]
    edited = edit(form, reply)
    assert not edited.files
    assert edited.refused == (name,)
    assert edited.asks == 1


def test_other_files_of_the_workspace_are_reached_by_their_names() -> None:
    assert edit("whole", "../b.txt\n```\nc\n```\n").files == {"b.txt": "c\n"}
    assert edit("whole", "../new/c.txt\n```\nc\n```\n").outside == ("new/c.txt",)


def test_a_name_with_nul_is_malformed() -> None:
    assert edit("whole", "a\0.py\n```\ny\n```\n").malformed


def test_text_that_is_no_unicode_is_malformed_and_leaves_the_file() -> None:
    edited = edit("whole", "a.py\n```\n\ud800\n```\n")
    assert edited.malformed
    assert not edited.files


def test_good_blocks_are_kept_where_others_fail_and_the_model_hears_of_those() -> None:
    edited = edit("diff", block("x = 1\n", "x = 2\n") + block("y = 1\n", "y = 2\n"), "x = 1\ny = 0\n")
    assert edited.files == {"src/a.py": "x = 2\ny = 0\n"}
    assert (edited.malformed, edited.failed) == (True, 1)
    (problem,) = edited.problems
    assert block("y = 1\n", "y = 2\n", "").strip("`\n") in problem
    assert "(1) matched" in problem


def test_near_lines_are_shown() -> None:
    text = "".join(f"line {number}\n" for number in range(30))
    (problem,) = edit("diff", block("line 10\nline 12\nline 13\nline 14\n", ""), text).problems
    assert "\nline 11\nline 12\n" in problem


# Aider's own code would be busy with each of these for minutes, or days
PILES = {
    "blocks in vain": ("diff", block("b\n", "c\n") * 2000, "a\n" * 100_000),
    "one long block": ("diff", block(" a\n" * 30_000 + " b\n", "c\n"), "a\n" * 60_000),
    "elisions": ("diff", block("".join(f"{n}\n...\n" for n in range(9000)), "...\n" * 9000), "1\n" * 90_000),
    "hunks in vain": (
        "udiff",
        "```diff\n--- a.py\n+++ a.py\n" + "".join(f"@@ @@\n-{n:12}\n+b\n" for n in range(9000)) + "```\n",
        "a\n" * 50_000,
    ),
    "much context": (
        "udiff",
        "```diff\n--- a.py\n+++ a.py\n@@ @@\n"
        + "".join(f" {n}\n" for n in range(2000))
        + "-x\n+y\n"
        + "".join(f" {n}\n" for n in range(2000))
        + "```\n",
        "".join(f"{n}\n" for n in range(2000)),
    ),
}


@pytest.mark.parametrize("pile", PILES)
def test_what_takes_too_long_fails(pile: str) -> None:
    form, reply, text = PILES[pile]
    edited = edit(form, reply, text)
    assert edited.malformed
    assert edited.failed
    assert not edited.files


def test_fences_are_those_that_no_file_begins_a_line_with() -> None:
    assert choose_fence(["a\n"]) == ("```", "```")
    assert choose_fence(["a\n", "```\n"]) == ("````", "````") or choose_fence(["```\n"]) == ("````", "````")
    assert choose_fence(["````\n"]) == ("<source>", "</source>")
    assert choose_fence(["```\n<source>\n</code>\n"]) == ("````", "````")


def test_names_are_relative_to_what_the_files_share() -> None:
    assert common_folder(["src/main/java/A.java"]) == "src/main/java"
    assert common_folder(["a.h", "a.cpp"]) == ""
    assert shown_name("build.gradle", "src/main/java") == "../../../build.gradle"


def test_lazy_comments_are_counted() -> None:
    assert lazy_comments("# the rest ... stays\n+ # as before ... \n// no ... such\n# none...\n") == 2
