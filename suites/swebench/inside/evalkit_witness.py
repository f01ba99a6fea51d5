"""Reports each test's end as it comes, for pytest, unittest and SymPy's runner. For Pythons from 3.6 on.

Imported by every interpreter of the environment as it starts (a .pth file), so that it is there before
anything of the repository's. The first process that runs tests reports, none of those that it starts.
PYTEST_DONT_REWRITE: it is imported before pytest could.
"""

import json
import os
import sys
from typing import Any, Dict, List

PIPE = "@PIPE@"
TAKEN = "EVALKIT_WITNESS"  # in the environment of those whose parent reports
SYMPY = ("sympy.testing.runtests", "sympy.utilities.runtests")
_pipe: List[int] = []  # the descriptor, once


def report(**fact: Any) -> Any:
    if not _pipe:
        if os.environ.get(TAKEN, str(os.getpid())) != str(os.getpid()):
            return
        os.environ[TAKEN] = str(os.getpid())
        _pipe.append(os.open(PIPE, os.O_WRONLY))
    data = json.dumps(fact).encode() + b"\n"
    while data:
        data = data[os.write(_pipe[0], data) :]


# -- pytest ------------------------------------------------------------------------------------------
class Witness:
    """Of the first session in this process: pytest's own tests have sessions within it."""

    def __init__(self, config: Any) -> None:
        self.config = config

    def pytest_runtest_logreport(self, report: Any) -> Any:
        word = said_by(report)
        if word is None:
            return
        name = report.nodeid.replace("::()::", "::")
        if hasattr(self.config, "cwd_relative_nodeid"):
            name = self.config.cwd_relative_nodeid(name)
        where = ""
        if word == "SKIPPED" and isinstance(report.longrepr, tuple):
            where = os.path.abspath(str(report.longrepr[0]))
        tell(
            name=name.split("[")[0].split("::")[-1],
            word=word,
            line="%s %s" % (word, name),
            where=where,
            marked="xfail" in report.keywords,
        )

    def pytest_unconfigure(self) -> Any:
        tell(end=True)


tell = report  # what a hook's argument is called is pytest's to say


def said_by(report: Any) -> Any:
    """None: this phase says nothing of the test."""
    if report.failed:
        return "FAILED" if report.when == "call" else "ERROR"
    expected = hasattr(report, "wasxfail")
    if report.skipped:
        return "XFAIL" if expected else "SKIPPED"
    if report.when != "call":
        return None
    return "XPASS" if expected else "PASSED"


_sessions: List[Any] = []


def pytest_configure(config: Any) -> Any:
    if not _sessions and os.environ.get(TAKEN, str(os.getpid())) == str(os.getpid()):
        _sessions.append(config)
        os.environ[TAKEN] = str(os.getpid())
        config.pluginmanager.register(Witness(config), "evalkit-witness")


# -- unittest, which Django's runner uses ------------------------------------------------------------
UNITTEST = (
    ("addSuccess", "PASSED", "ok"),
    ("addFailure", "FAILED", "FAIL"),
    ("addError", "ERROR", "ERROR"),
    ("addSkip", "SKIPPED", "skipped"),
    ("addExpectedFailure", "XFAIL", "expected failure"),
    ("addUnexpectedSuccess", "XPASS", "unexpected success"),
)


def of_unittest(result: Any, test: Any, word: Any, said: Any) -> Any:
    described = result.getDescription(test) if hasattr(result, "getDescription") else str(test)
    where = caller(sys.exc_info()[2]) if word == "SKIPPED" else ""
    name = getattr(test, "_testMethodName", str(test))
    tell(name=name, word=word, line="%s ... %s" % (described, said), where=where, marked=True)


def caller(trace: Any) -> Any:
    """The last file that is not unittest's own: where it was skipped from."""
    found = ""
    while trace is not None:
        path = os.path.abspath(trace.tb_frame.f_code.co_filename)
        if os.path.basename(os.path.dirname(path)) != "unittest":
            found = path
        trace = trace.tb_next
    return found


def watch_unittest(module: Any) -> Any:
    kind = module.TestResult

    def watched(name: Any, word: Any, said: Any) -> Any:
        own = getattr(kind, name)

        def method(self: Any, test: Any, *rest: Any) -> Any:
            of_unittest(self, test, word, said)
            return own(self, test, *rest)

        method.__name__ = name
        return method

    for name, word, said in UNITTEST:
        setattr(kind, name, watched(name, word, said))
    own = kind.addSubTest

    def add_sub_test(self: Any, test: Any, subtest: Any, err: Any) -> Any:
        if err is not None:
            of_unittest(self, test, "FAILED", "FAIL")
        return own(self, test, subtest, err)

    kind.addSubTest = add_sub_test


# -- SymPy -------------------------------------------------------------------------------------------
OF_SYMPY = (
    ("test_pass", "PASSED", "ok"),
    ("test_fail", "FAILED", "F"),
    ("test_exception", "ERROR", "E"),
    ("test_skip", "SKIPPED", "s"),
    ("test_xfail", "XFAIL", "f"),
    ("test_xpass", "XPASS", "X"),
)


def watch_sympy(module: Any) -> Any:
    kind = getattr(module, "PyTestReporter", None)
    if kind is None or getattr(kind, "watched", False):
        return
    kind.watched = True

    def watched(name: Any, word: Any, said: Any) -> Any:
        own = getattr(kind, name)

        def method(self: Any, *given: Any, **named: Any) -> Any:
            function = getattr(self, "_active_f", None)
            if function is not None:
                label = function.__name__
                tell(name=label, word=word, line="%s %s" % (label, said), where="", marked=True)
            return own(self, *given, **named)

        method.__name__ = name
        return method

    for name, word, said in OF_SYMPY:
        if hasattr(kind, name):
            setattr(kind, name, watched(name, word, said))


# -- when they are imported --------------------------------------------------------------------------
WATCHED: Dict[str, Any] = {name: watch_sympy for name in SYMPY}
if os.environ.get("EVALKIT_RUNNER") == "unittest":
    WATCHED["unittest.result"] = watch_unittest


class Finder:
    """Lets the others find, and looks at the module once it has been run."""

    def find_spec(self, name: Any, path: Any = None, target: Any = None) -> Any:
        if name not in WATCHED:
            return None
        for finder in sys.meta_path:
            found: Any = None if finder is self else finder.find_spec(name, path, target)
            if found is not None:
                run = found.loader.exec_module

                def exec_module(module: Any, run: Any = run, watch: Any = WATCHED[name]) -> Any:
                    run(module)
                    watch(module)

                found.loader.exec_module = exec_module
                return found
        return None


sys.meta_path.insert(0, Finder())
