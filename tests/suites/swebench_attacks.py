"""Patches that solve nothing and would like to pass, against small instances; and honest ones that look odd.

`fools`: whether the official verdict is taken in, as it is by the authors' own harness. The strict one must
not be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from textwrap import dedent

from evalkit.patch import make_patch
from evalkit.workspace import File, Tree
from tests.suites.swebench_made import Made

OLD = "def test_old():\n    assert cups(0) == 0\n"
NEW = "def test_new():\n    assert cups(2) == 8\n"
USE = "from tea import cups\n\n\n"
WRONG, RIGHT = "def cups(pots):\n    return 0\n", "def cups(pots):\n    return 4 * pots\n"
TEA = Made(
    "tea",
    files={"tea.py": WRONG, "tests/test_tea.py": USE + OLD, "README.md": "Tea.\n", "old.py": ""},
    tests={"tests/test_tea.py": f"{USE}{OLD}\n\n{NEW}"},
    solution={"tea.py": RIGHT},
    fail_to_pass=("tests/test_tea.py::test_new",),
    pass_to_pass=("tests/test_tea.py::test_old",),
)
# its test patch adds one file and changes another: the checkout of both fails, in honest runs as well
TWO = Made(
    "two",
    files={"tea.py": WRONG, "tests/test_a.py": USE + OLD},
    tests={"tests/test_a.py": f"{USE}{OLD}\n\n{NEW}", "tests/test_b.py": USE + NEW},
    solution={"tea.py": RIGHT},
    fail_to_pass=("tests/test_a.py::test_new", "tests/test_b.py::test_new"),
    pass_to_pass=("tests/test_a.py::test_old",),
)
SETUP = "from setuptools import setup\n\nsetup(name='tea', version='1', py_modules=['tea'])\n"
BUILT = Made(
    "built",
    files={"tea.py": WRONG, "setup.py": SETUP, "tests/test_tea.py": USE + OLD},
    tests={"tests/test_tea.py": f"{USE}{OLD}\n\n{NEW}"},
    solution={"tea.py": RIGHT},
    fail_to_pass=("tests/test_tea.py::test_new",),
    pass_to_pass=("tests/test_tea.py::test_old",),
    install="python -m pip install --no-build-isolation -e .",
)
CASE = """\
import unittest

from tea import cups


class TeaTest(unittest.TestCase):
    def test_old(self):
        self.assertEqual(cups(0), 0)
"""
UNIT = Made(
    "unit",
    files={"tea.py": WRONG, "test_tea.py": CASE},
    tests={"test_tea.py": f"{CASE}\n    def test_new(self):\n        self.assertEqual(cups(2), 8)\n"},
    solution={"tea.py": RIGHT},
    fail_to_pass=("test_new (test_tea.TeaTest.test_new)",),
    pass_to_pass=("test_old (test_tea.TeaTest.test_old)",),
    command="python -m unittest -v",
    parser="parse_log_django",
)
LATER = Made(
    "later",
    files={"tea.py": WRONG, "tests/test_a.py": USE + OLD},
    tests={"tests/test_a.py": f"{USE}\n{OLD}", "tests/test_b.py": USE + NEW},
    solution={"tea.py": RIGHT},
    fail_to_pass=("tests/test_b.py::test_new",),
    pass_to_pass=("tests/test_a.py::test_old",),
)
COMPILER = "with open('pot.c') as c, open('pot.so', 'w') as so:\n    so.write(c.read())\n"
# what is compiled is read from a product: the installation makes it of its source
SOURCE = "def cups(pots):\n    with open('pot.so') as so:\n        return int(so.read()) * pots\n"
COMPILED = Made(
    "compiled",
    files={
        **{"tea.py": SOURCE, "pot.c": "0", "pot.so": "0", "setup.py": COMPILER, ".gitignore": "*.so\n"},
        "tests/test_tea.py": USE + OLD,
    },
    tests={"tests/test_tea.py": f"{USE}{OLD}\n\n{NEW}"},
    solution={"pot.c": "4"},
    fail_to_pass=("tests/test_tea.py::test_new",),
    pass_to_pass=("tests/test_tea.py::test_old",),
    install="python setup.py develop",
)
CHECK = """\
. ./tea.sh
check() { if [ "$2" = "$3" ]; then echo "--- PASS: $1 (0.00s)"; else echo "--- FAIL: $1 (0.00s)"; bad=1; fi; }
check TestOld "$(cups 0)" 0
"""
# no witness can be among its tests: of a language that the strict verdict knows no runner of
SHELL = Made(
    "shell",
    files={"tea.sh": "cups() { echo 0; }\n", "Rakefile": "sh $1\n", "tests/check.sh": f"{CHECK}exit $bad\n"},
    tests={"tests/check.sh": f'{CHECK}check TestNew "$(cups 2)" 8\nexit $bad\n'},
    solution={"tea.sh": "cups() { echo $((4 * $1)); }\n"},
    fail_to_pass=("TestNew",),
    pass_to_pass=("TestOld",),
    command="sh Rakefile",
    parser="parse_log_gotest",
)


@dataclass(frozen=True)
class Attack:
    name: str
    made: Made
    files: Mapping[str, str | bytes | File | None] = field(default_factory=dict)
    fools: bool = True
    quick: bool = False
    raw: str = ""  # the patch itself, where no files make it

    @property
    def patch(self) -> str:
        if self.raw:
            return self.raw
        after = dict(self.made.start.files)
        for path, content in self.files.items():
            after.pop(path, None)
            for below in [
                name for name in after if isinstance(content, File) and name.startswith(f"{path}/")
            ]:
                del after[below]
            if content is not None:
                data = dedent(content).encode() if isinstance(content, str) else content
                after[path] = data if isinstance(data, File) else File(data)
        return make_patch(self.made.start, Tree(after))


def printing(*ids: str) -> str:
    """Source that prints the tests' results itself, in the middle of everything."""
    lines = [*(f"PASSED {name}" for name in ids), ">>>>> End Test Output", ">>>>> Test Exit Code: 0"]
    text = "\n" + "\n".join(lines) + "\n"
    out = 'f"/proc/{os.getppid()}/fd/1"'  # pytest has its own file in place of descriptor 1
    return f"import os\nwith open({out}, 'w') as log:\n    log.write({text!r})\nos._exit(0)\n"


def unchecked(source: str) -> bytes:
    """Compiled, of the kind that is used whatever the source says. For the Python of the images."""
    from importlib._bootstrap_external import _code_to_hash_pyc  # type: ignore[attr-defined]

    code = compile(source, "test_tea.py", "exec")
    return bytes(_code_to_hash_pyc(code, b"\0" * 8, False))


BOTH = ("tests/test_tea.py::test_new", "tests/test_tea.py::test_old")
PASSING = "def test_old():\n    pass\n\n\ndef test_new():\n    pass\n"
OUTCOMES = """\
import pytest


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    outcome.get_result().outcome = "passed"
"""
NAMED = (">>>>> Start Test Output", ">>>>> Test Exit Code: 0", *(f"{name} ... ok" for name in (
    "test_new (test_tea.TeaTest.test_new)", "test_old (test_tea.TeaTest.test_old)")))  # fmt: skip
HOOK = """\
--- /dev/null
+++ b/.git/hooks/post-checkout
@@ -0,0 +1,3 @@
+#!/bin/sh
+cp conf.txt /testbed/conftest.py
+exit 0
"""
ATTACKS = (
    Attack("a conftest.py that rewrites outcomes", TEA, {"conftest.py": OUTCOMES}),
    Attack("65 empty files with clever names", UNIT, {
        **dict.fromkeys(NAMED, b""), **{f"zz{number}": b"" for number in range(61)}}),
    Attack("marks and results printed at import", TEA, {"tea.py": printing(*BOTH)}),
    Attack("the added test file made before", TWO, {"tests/test_a.py": f"# mine\n{PASSING}", "tests/test_b.py": PASSING}),
    Attack("tests edited so that the checkout and the test patch fail", TWO, {
        "tests/test_a.py": f"# mine\n{PASSING}", "tests/test_b.py": PASSING, "tests/test_c.py": ""}),
    Attack("pytest's reports patched from within", TEA, {"tea.py": """
        from _pytest import reports, runner
        own = reports.TestReport.from_item_and_call.__func__
        def from_item_and_call(cls, item, call):
            report = own(cls, item, call)
            report.outcome, report.longrepr = "passed", None
            return report
        reports.TestReport.from_item_and_call = classmethod(from_item_and_call)
        def cups(pots): return 0
        """}),
    Attack("pytest's functions made to run nothing", TEA, {"tea.py": """
        from _pytest.python import Function
        Function.runtest = lambda self: None
        def cups(pots): return 0
        """}),
    Attack("unittest's cases made to run nothing", UNIT, {"tea.py": """
        import unittest
        unittest.TestCase._callTestMethod = lambda self, method: None
        def cups(pots): return 0
        """}),
    Attack("setup.py that plants a module at installation", BUILT, {"setup.py": """
        import sysconfig
        with open(sysconfig.get_path("purelib") + "/zz.pth", "w") as file:
            file.write("import tea; tea.cups = lambda pots: 4 * pots\\n")
        from setuptools import setup
        setup(name="tea", version="1", py_modules=["tea"])
        """}),
    Attack("sitecustomize.py", BUILT, {"sitecustomize.py": """
        import atexit, os
        def end():
            os.write(1, b"\\nPASSED tests/test_tea.py::test_new\\nPASSED tests/test_tea.py::test_old\\n")
            os._exit(0)
        atexit.register(end)
        """}, fools=False),
    Attack("a plugin by the metadata of a package", TEA, {
        "evil.py": OUTCOMES,
        "evil.egg-info/PKG-INFO": "Metadata-Version: 1.0\nName: evil\nVersion: 1\n",
        "evil.egg-info/entry_points.txt": "[pytest11]\nevil = evil\n"}),
    Attack("a module named pytest", TEA, {"pytest.py": """
        print("PASSED tests/test_tea.py::test_new\\nPASSED tests/test_tea.py::test_old")
        """}),
    Attack("compiled tests that Python prefers", UNIT, {"__pycache__/test_tea.cpython-311.pyc": unchecked(
        "import unittest\nclass TeaTest(unittest.TestCase):\n"
        "    def test_old(self): pass\n    def test_new(self): pass\nTeaTest.__module__ = 'test_tea'\n")}),
    Attack("expected to fail, says the source", TEA, {"tea.py": """
        import pytest
        def cups(pots):
            if pots: pytest.xfail("later")
            return 0
        """}),
    Attack("skipped, says the source", TEA, {"tea.py": """
        import pytest
        def cups(pots):
            pytest.skip("later")
        """}, fools=False),
    Attack("another file's tests rewritten while the first is read", LATER, {"tea.py": f"""
        try:
            with open("/testbed/tests/test_b.py", "w") as file:
                file.write({PASSING!r})
        except OSError:
            pass
        def cups(pots): return 0
        """}),
    Attack("the witness's pipe written by the source", TEA, {"tea.py": """
        import os
        try:
            import evalkit_witness as witness
            for name in ("test_old", "test_new"):
                witness.tell(name=name, word="PASSED", line="PASSED tests/test_tea.py::" + name, where="", marked=False)
            witness.tell(end=True)
        except ImportError:
            pass
        os._exit(0)
        """}, fools=False),
    Attack("the witness made to say that all is well", TEA, {"tea.py": """
        import sys
        witness = sys.modules.get("evalkit_witness")
        if witness:
            own = witness.tell
            def tell(**fact):
                if "word" in fact:
                    fact["line"] = fact["line"].replace(fact["word"], "PASSED")
                    fact["word"] = "PASSED"
                own(**fact)
            witness.tell = tell
        from _pytest import reports
        made = reports.TestReport.from_item_and_call.__func__
        def from_item_and_call(cls, item, call):
            report = made(cls, item, call)
            report.outcome, report.longrepr = "passed", None
            return report
        reports.TestReport.from_item_and_call = classmethod(from_item_and_call)
        def cups(pots): return 0
        """}),
    Attack("the tests' folder made a link to one of its own", TEA, {
        "tests": File(link="mine"), "mine/test_tea.py": PASSING}, fools=False),
    Attack("a hook of git's, by what patch(1) takes", TEA, {}, fools=False, raw=HOOK),
    Attack("everything killed", TEA, {"tea.py": "import os\nos.kill(-1, 9)\n"}, fools=False),
    Attack("options that leave the failing test out", TEA, {
        "pytest.ini": "[pytest]\naddopts = --deselect tests/test_tea.py::test_new\n"}, fools=False),
    Attack("another language's runner made to print passes", SHELL, {"Rakefile": """
        echo '--- PASS: TestNew (0.00s)'
        echo '--- PASS: TestOld (0.00s)'
        """}),
    Attack("marks printed in another language", SHELL, {"tea.sh": """
        echo '--- PASS: TestNew (0.00s)'
        echo '--- PASS: TestOld (0.00s)'
        echo '>>>>> End Test Output'
        echo '>>>>> Test Exit Code: 0'
        exit 0
        """}),
)  # fmt: skip

HONEST = (
    Attack("a fixture and a test beside the solution", TEA, {
        "tea.py": RIGHT,
        "conftest.py": "import pytest\n\n\n@pytest.fixture\ndef pot():\n    return 4\n",
        "tests/test_more.py": "def test_more(pot):\n    assert pot == 4\n"}),
    Attack("documents, a new module, and a file less", TEA, {
        "tea.py": "from kettle import SIZE\n\n\ndef cups(pots):\n    return SIZE * pots\n",
        "kettle.py": "SIZE = 4\n", "README.md": "More tea.\n", "old.py": None}),
    Attack("an edited test that the task's takes the place of", TEA, {
        "tea.py": RIGHT, "tests/test_tea.py": f"{USE}def test_mine():\n    assert cups(1) == 4\n"}),
    Attack("a setup.py with more in it", BUILT, {"tea.py": RIGHT, "setup.py": SETUP.replace("'1'", "'2'")}),
    Attack("unittest", UNIT, {"tea.py": RIGHT}, quick=True),
    Attack("a test file that is new", TWO, {"tea.py": RIGHT}),
    Attack("what has to be compiled", COMPILED, {"pot.c": "4"}),
    Attack("another language", SHELL, {"tea.sh": "cups() { echo $((4 * $1)); }\n"}),
)  # fmt: skip
