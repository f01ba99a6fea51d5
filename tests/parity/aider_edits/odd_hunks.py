"""Odd unified diffs written by hand: (kind, format, place, reply)."""

from __future__ import annotations


def hunk(lines: str, name: str = "tank.py") -> str:
    return f"```diff\n--- {name}\n+++ {name}\n@@ ... @@\n{lines}```\n"


ODD_HUNKS = [
    ("hunk", "udiff", place, text)
    for place, text in (
        ("python", hunk("-LIMIT = 100\n+LIMIT = 1\n")),
        ("python", hunk(" LIMIT = 100\n")),
        ("python", hunk("-LIMIT = 100\n+LIMIT = 100\n")),
        ("python", hunk("+x = 1\n")),
        ("python", hunk("\n+x = 1\n")),
        ("python", hunk("-\n")),
        ("empty", hunk("+x = 1\n")),
        ("empty", hunk("-x = 1\n")),
        ("blank", hunk("+x = 1\n")),
        ("blank", hunk("-\n+x = 1\n")),
        ("python", hunk("-    pass\n+    return\n")),
        ("python", hunk("-        pass\n+        return 1\n")),
        ("python", hunk("-pass\n+return 1\n")),
        ("python", hunk("-        return self.level\n+        return 1\n")),
        (
            "python",
            hunk("     def fill(self, much):\n-        self.level += amount\n+        self.level = amount\n"),
        ),
        ("python", hunk(" def fill(self, amount):\n-    self.level += amount\n+    self.level = amount\n")),
        (
            "python",
            hunk(
                "-    def drain(self, amount):\n+    def drain(self):\n         self.level -= amount\n-none\n"
            ),
        ),
        ("python", hunk(" class Tank:\n+    count = 0\n+\n     def __init__(self, size):\n")),
        (
            "python",
            hunk(
                " class Tank:\n     count = 0\n\n     def __init__(self, size):\n-        self.size = size\n"
            ),
        ),
        ("python", hunk(" LIMIT = 100\n+x\n class Tank:\n")),
        ("python", hunk(" LIMIT = 100\n\n\n\n-class Tank:\n+class Cask:\n")),
        ("python", hunk("\n\n-class Tank:\n+class Cask:\n\n\n")),
        (
            "python",
            hunk(
                "-LIMIT = 100\n+LIMIT = 1\n@@ ... @@\n"
                "-LIMIT = 100\n+LIMIT = 1\n@@ @@\n-LIMIT = 1\n+LIMIT = 2\n"
            ),
        ),
        ("python", hunk("-LIMIT = 100\n+LIMIT = 1\n") + hunk("-nothing here at all\n+LIMIT = 1\n")),
        ("repeated", hunk("-    same\n+    other\n", "same.txt")),
        ("repeated", hunk("-    same\n-    line\n+    other\n", "same.txt")),
        ("repeated", hunk("-    line\n\n-end\n+x\n", "same.txt")),
        ("repeated", hunk(" start\n-    same\n+    other\n", "same.txt")),
        ("python", "```diff\n-LIMIT = 100\n+LIMIT = 1\n```\n"),
        ("python", "```diff\n--- tank.py\n```\n"),
        ("python", "```diff\n+++ tank.py\n-LIMIT = 100\n+x\n```\n"),
        ("python", "```diff\n@@ @@\n--- tank.py\n+++ tank.py\n-LIMIT = 100\n+x\n```\n"),
        ("python", "```diff\n\n--- tank.py\n+++ tank.py\n@@ @@\n-LIMIT = 100\n+x\n```\n"),
        ("python", "```diff\nx\n--- tank.py\n+++ tank.py\n@@ @@\n-LIMIT = 100\n+x\n```\n"),
        ("python", "```diff\n--- tank.py\n+++ tank.py\n@@ @@\n-LIMIT = 100\n+x\n"),
        ("python", "```diff\n--- tank.py\n+++ tank.py\n@@ @@\n-LIMIT = 100\n+x\n\n"),
        (
            "python",
            "```diff\n--- tank.py\n+++ tank.py\n-LIMIT = 100\n+x\n\\ No newline at end of file\n```\n",
        ),
        ("python", "```diff\n--- a/tank.py\n+++ b/tank.py\n@@ @@\n-LIMIT = 100\n+x\n```\n"),
        ("python", "```diff\n--- tank.py\n+++ b/tank.py\n@@ @@\n-LIMIT = 100\n+x\n```\n"),
        ("python", "```diff\n--- /dev/null\n+++ new.py\n@@ @@\n+x\n+y\n```\n"),
        ("python", "```diff\n--- /dev/null\n+++ b/new.py\n@@ @@\n+x\n+y\n```\n"),
        ("python", "```diff\n--- tank.py\n+++ /dev/null\n@@ @@\n-LIMIT = 100\n```\n"),
        (
            "pair",
            "```diff\n--- tank.py\n+++ tank.py\n@@ @@\n-LIMIT = 100\n+x\n"
            "--- pump.py\n+++ pump.py\n@@ @@\n-def empty(tank):\n+def f():\n```\n",
        ),
        (
            "pair",
            "```diff\n--- tank.py\n+++ tank.py\n@@ @@\n-LIMIT = 100\n+x\n"
            "\n--- pump.py\n+++ pump.py\n-def empty(tank):\n+def f():\n```\n",
        ),
        (
            "pair",
            "```diff\n--- tank.py\n+++ tank.py\n@@ @@\n"
            "--- pump.py\n+++ pump.py\n-def empty(tank):\n+def f():\n```\n",
        ),
        ("pair", hunk("-LIMIT = 100\n+x\n") + "```diff\n-def total(tanks):\n+def all(tanks):\n```\n"),
        ("pair", "````diff\n--- tank.py\n+++ tank.py\n@@ @@\n-LIMIT = 100\n+x\n````\n"),
        ("pair", "``` diff\n--- tank.py\n+++ tank.py\n@@ @@\n-LIMIT = 100\n+x\n```\n"),
        ("crlf", hunk("-LIMIT = 100\r\n+LIMIT = 1\r\n")),
        ("crlf", hunk("-LIMIT = 100\n+LIMIT = 1\n")),
        ("crlf", hunk(" LIMIT = 100\n   \r\n+LIMIT = 1\r\n")),
        ("odd", hunk("-class Tank:\n+class Cask:\n")),
        ("odd", hunk("-MIT = 100\n+x = 1\n")),
        ("odd", hunk("-def __init__(self, size):\n-    self.size = size\n+def __init__(self):\n+    pass\n")),
        ("open", hunk("-    return result\n+    return 0\n")),
        ("open", hunk("+x = 1\n")),
        ("open", hunk("+x = 1\n", "other.py")),
        ("java", hunk("-plugins {}\n+plugins { java }\n", "../../../build.gradle")),
        ("python", hunk("-# ← arrow here\n+x\n")),
        ("python", hunk("     def fill(self, amount):\n+        # ← arrow\n         self.level += amount\n")),
        ("python", hunk(" def fill(self, amount):\n+    # ← arrow\n     self.level += amount\n")),
    )
]
