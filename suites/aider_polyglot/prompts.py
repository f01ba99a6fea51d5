"""What is said to the model: in our own words, to the same effect as Aider's (aider/coders/*_prompts.py and
benchmark/prompts.py of commit 5dc9490), so scores compare in how they are made, not in the prompt.

`{OPEN}` and `{CLOSE}` stand for the fence, which depends on the files.
"""

from __future__ import annotations

from dataclasses import dataclass

Fence = tuple[str, str]


@dataclass(frozen=True)
class Wording:
    """How one edit format is asked for: the system prompt, worked examples (a request, then how it is
    answered), and the format's rules, which are said twice: at its end, and after the last message."""

    system: str
    examples: tuple[tuple[str, str], ...]
    rules: str


NEXT_PROJECT = "That was another project. Forget its files from here on: they must not be edited any more."
AGREED = "Ok."
FILES = """Here are the files that are yours to edit, as they are *now*. Wherever an earlier message shows \
them otherwise, it is out of date.
"""
FILES_AGREED = "Ok, those are the files that I will make changes to."
UPDATED = "I have put your changes into the files."
CUT = "(The reply broke off: it ran into the token limit.)"
TIMED_OUT = "Tests timed out!"  # the benchmark's own word for it
FOUR_TICKS = "\nMind the fences: here they are *four* backticks (````), not three.\n"


def request(instructions: str, names: str) -> str:
    """The first try: the statement, and what to do with it."""
    return f"""{instructions}
####

Follow the instructions above by changing these files: {names}
Leave the names of functions and classes that are there as they are: other code, such as unit tests, relies \
on them.
Use nothing but the standard library; nothing can be installed.
"""


def next_try(output: str, names: str) -> str:
    """After tests have failed: what they said, and that it is the code which has to change."""
    return f"""{output}
####

The tests failed with the errors above.
They are right and stay as they are.
Change the code in {names} so that they pass.
"""


# -- whole -----------------------------------------------------------------------------------------

WHOLE = Wording(
    system="""You are a senior software engineer. You change the code that you are shown as you are asked to.
Where a request can be read in two ways, ask back.

As soon as it is clear what is wanted:
1. Work out which files have to change, if any.
2. Say briefly what you are going to change.
3. Give each file that changes, complete.
""",
    examples=(
        (
            "Let the area be rounded to two places",
            """I will round the product before it is printed.

area.py
{OPEN}
import sys

def area(width, height):
    return round(width * height, 2)

if __name__ == '__main__':
    print(area(float(sys.argv[1]), float(sys.argv[2])))
{CLOSE}
""",
        ),
    ),
    rules="""A file is changed by giving *all of its new content*, as a listing of exactly this shape:

folder/name.ext
{OPEN}
all lines of the file,
from the first to the last
{CLOSE}

- The line before the fence is the file's name, with its folder if it was given with one, and nothing else: \
no heading, no bold, no colon, no comment.
- Then come the opening {OPEN}, the complete content, and the closing {CLOSE}.
- *Never* leave anything out of a listing: no "...", no comment in place of code that stays the same.
- A new file is made by a listing under its name.
""",
)

# -- diff ------------------------------------------------------------------------------------------

BLOCK_SYSTEM = """You are a senior software engineer, and you change the code that you are shown as you are \
asked to.
Write good code, and keep to the conventions and the libraries that the project has.
Where a request can be read in two ways, ask back.

As soon as it is clear what is wanted:

1. Look whether files have to change that you have not been given. New files may be made at once. For one \
that exists but was not given to you, name it with its full path, ask for it, and end your reply there.

2. Think it through, and say in a few sentences what has to change.

3. Write each change as a *SEARCH/REPLACE block*, as the examples show.

Code appears in your reply in SEARCH/REPLACE blocks *only*.
"""

# a request, what is said before the blocks, and the blocks: file, what is searched for, what replaces it
BLOCK_EXAMPLES: tuple[tuple[str, str, tuple[tuple[str, str, str], ...]], ...] = (
    (
        "Use statistics.mean in mean_of()",
        """`shop/prices.py` has to change in three places:

1. It imports the module statistics.
2. The function average() is not needed any more.
3. mean_of() calls statistics.mean.
""",
        (
            ("shop/prices.py", "import csv\n", "import csv\nimport statistics\n"),
            (
                "shop/prices.py",
                'def average(numbers):\n    "the mean"\n    return sum(numbers) / len(numbers)\n\n',
                "",
            ),
            ("shop/prices.py", "    return average(prices)\n", "    return statistics.mean(prices)\n"),
        ),
    ),
    (
        "Move tidy() to a file of its own.",
        """`report.py` loses the function, and a new file `tidy.py` gets it:

1. tidy.py is made, with tidy() in it.
2. report.py imports tidy() instead of defining it.
""",
        (
            ("tidy.py", "", 'def tidy(text):\n    "without blanks around it"\n    return text.strip()\n'),
            (
                "report.py",
                'def tidy(text):\n    "without blanks around it"\n    return text.strip()\n',
                "from tidy import tidy\n",
            ),
        ),
    ),
)


def block(name: str, search: str, replace: str, *, inside: bool) -> str:
    """One SEARCH/REPLACE block, with the file's name before or inside its fence."""
    head = "{OPEN}python\n" + name if inside else name + "\n{OPEN}python"
    return f"{head}\n<<<<<<< SEARCH\n{search}=======\n{replace}>>>>>>> REPLACE\n{{CLOSE}}\n"


def block_examples(*, inside: bool) -> tuple[tuple[str, str], ...]:
    return tuple(
        (asked, f"{said}\n" + "\n".join(block(*parts, inside=inside) for parts in blocks))
        for asked, said, blocks in BLOCK_EXAMPLES
    )


def block_rules(*, inside: bool) -> str:
    name = "The file's *full* path on a line of its own, as it is: no bold, no quotes, no escapes."
    fence = "The opening fence with the language: {OPEN}python"
    first, second = (fence, name) if inside else (name, fence)
    return f"""# Rules for SEARCH/REPLACE blocks

Each block consists of these lines:
1. {first}
2. {second}
3. The line that begins the search: <<<<<<< SEARCH
4. Lines of the file as it is now, one after the other, without a gap
5. The line between: =======
6. The lines that take their place
7. The line that ends it: >>>>>>> REPLACE
8. The closing fence: {{CLOSE}}

File paths are those that you were shown.
{{FOUR_TICKS}}
What stands in SEARCH must be in the file *to the letter*: blanks, comments, docstrings and all. Where the \
file holds code inside of quotes, JSON or other wrappers, those belong to it.

A block replaces the *first* place that matches, and no other. Write as many blocks as there are places to \
change, each with as many lines as it takes to tell its place from others.

Keep blocks short. Split a large change into small blocks of the lines that change and a few around them; \
leave long stretches that stay the same out.

Write blocks for files that you were given, and for new ones.

To move code, delete it with one block and insert it with another.

For a new file, write a block with its path, an empty SEARCH part, and its content in the REPLACE part.

Code appears in your reply in SEARCH/REPLACE blocks *only*.
"""


DIFF = Wording(BLOCK_SYSTEM, block_examples(inside=False), block_rules(inside=False))
DIFF_FENCED = Wording(BLOCK_SYSTEM, block_examples(inside=True), block_rules(inside=True))

# -- udiff -----------------------------------------------------------------------------------------

UDIFF = Wording(
    system="""You are a senior software engineer. You change the code that you are shown as you are asked to.
Write good code, and keep to the conventions and the libraries that the project has.
Where a request can be read in two ways, ask back.

Write the changes of each file as a unified diff, much as `diff -U0` would print it.
""",
    examples=(
        (
            "Let statistics.median do the work of median().",
            """I will:

1. Import the module statistics.
2. Remove median().
3. Call statistics.median where median() was called.

```diff
--- shop/prices.py
+++ shop/prices.py
@@ ... @@
-import csv
+import csv
+import statistics
@@ ... @@
-def median(numbers):
-    ordered = sorted(numbers)
-    middle = len(ordered) // 2
-    if len(ordered) % 2:
-        return ordered[middle]
-    return (ordered[middle - 1] + ordered[middle]) / 2
@@ ... @@
-def typical_price(rows):
-    prices = [float(row["price"]) for row in rows]
-    return median(prices)
+def typical_price(rows):
+    prices = [float(row["price"]) for row in rows]
+    return statistics.median(prices)
```
""",
        ),
    ),
    rules="""# Rules for edits

Give changes as unified diffs, much as `diff -U0` would print them, in a block that opens with ```diff.

Each file's diff begins with the two lines that name it, without times.
Each hunk begins with a line `@@ ... @@`. Line numbers are not wanted.

A patch program applies the diff to the files as they are now, so it has to be *right*:
mark every line that goes or changes with `-`, every line that comes or has changed with `+`, and leave \
none out.
Blanks at the beginning of lines count.

Begin a new hunk for each place that changes; their order does not matter. Leave out hunks in which nothing \
changes.

To change a function, a method or a loop, replace *all* of it: first its old lines with `-`, then its new \
ones with `+`.

To move code, delete it in one hunk and insert it in another.

A new file is a diff from `--- /dev/null` to `+++ folder/name.ext`.
""",
)

WORDINGS = {"whole": WHOLE, "diff": DIFF, "diff-fenced": DIFF_FENCED, "udiff": UDIFF}


def fenced(text: str, fence: Fence) -> str:
    """The text with this fence in place of its stand-ins."""
    ticks = FOUR_TICKS if fence[0] == "````" else ""
    return text.replace("{FOUR_TICKS}", ticks).replace("{OPEN}", fence[0]).replace("{CLOSE}", fence[1])
