"""The command line: `evalkit VERB ...`, one module a verb, imported when its verb is used.

This file imports next to nothing, so that `evalkit --help` is instant. Exit codes:

    0    done; every sample scored, or missing ones within --max-error-rate
    1    validate, doctor or selftest found something wrong
    2    a flag, name, data set or run folder that cannot be used
    3    more samples are missing than --max-error-rate allows; nightly: the night is incomplete
    4    the sandbox, or a local model server, is not usable
    10   nightly: something got worse that nobody has spoken for
    130  interrupted; the same command again continues
    141  whoever read our output stopped reading (`| head`)
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

import evalkit
from evalkit.errors import EvalkitError, UsageError

INTERRUPTED = 130
BROKEN_PIPE = 141

VERBS = {
    "run": "run a model over a suite, score it, print the result",
    "resume": "continue a run where it stands",
    "score": "judge a run's stored answers again, without a model",
    "validate": "prove a suite on this machine: gold answers pass, empty ones do not",
    "show": "a run's result, or one task of it in full",
    "list": "the runs there are",
    "compare": "two runs over the same tasks: the difference, and what it is worth",
    "power": "what difference a suite can show, and what would halve it",
    "report": "runs and published values as one page that people can quote",
    "table": "runs and published values as one table: LaTeX, Markdown, CSV, JSON, HTML, text",
    "nightly": "models over suites, night after night: what got worse, and since when",
    "export": "a run's samples as JSON lines, Parquet or the suite's official format",
    "suites": "the suites there are, and where their data is",
    "models": "the models that have a short name",
    "selftest": "try hostile programs and the sandbox's promises on this machine",
    "doctor": "what is missing on this machine, and how to get it",
    "server": "local model servers: start one and keep it, list, stop, read a log",
    "sandbox": "build and inspect the images that code is judged in",
    "tools": "install agents and graders of others, each in an environment of its own",
    "clean": "remove the containers, images and caches that evalkit left",
}

TOP = """\
usage: evalkit VERB [option ...]

Run a model over coding benchmarks inside Docker sandboxes and score it as the benchmarks' authors do.

{verbs}

  evalkit VERB --help      what a verb takes, with examples
  evalkit --version

examples:
  evalkit doctor                                  is everything here that a run needs?
  evalkit run mini --model oracle                 the embedded suite with its own gold answers
  evalkit run humaneval --model qwen3-coder       one model, one number
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. Expected failures are one line on stderr."""
    # no `list(...)`: once that verb is imported, the name is evalkit.cli.list
    words = [*(sys.argv[1:] if argv is None else argv)]
    make_streams_safe()
    debug = os.environ.get("EVALKIT_DEBUG", "") not in ("", "0")
    try:
        code = dispatch(words)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # the interpreter flushes stdout once more at exit: give it somewhere to flush to
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except KeyboardInterrupt:
        again = words[0] in ("run", "resume")
        complain("interrupted", "the same command again continues where this one stopped" if again else "")
        return INTERRUPTED
    except EvalkitError as e:
        if debug:
            raise
        complain(e.message, e.hint)
        return e.exit_code
    except OSError as e:  # no space, no permission, too many open files: the machine's, not a bug
        if debug:
            raise
        complain(*machine_trouble(e))
        return 2


def make_streams_safe() -> None:
    """Printing never fails for want of a character (ASCII terminals) or of a stream (`>&-`)."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, io.TextIOWrapper(io.FileIO(os.devnull, "w")))
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def dispatch(words: list[str]) -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        width = max(map(len, VERBS)) + 2
        print(TOP.format(verbs="\n".join(f"  {v:<{width}}{VERBS[v]}" for v in VERBS)), end="")
        return 0 if words else 2
    if words[0] in ("-V", "--version"):
        print(f"evalkit {evalkit.__version__}")
        return 0
    verb = words[0]
    if verb not in VERBS:
        from evalkit.registry import did_you_mean

        what = "option" if verb.startswith("-") else "verb"
        raise UsageError(f"unknown {what} {verb!r}", did_you_mean(verb, VERBS))
    import importlib

    code: int = importlib.import_module(f"evalkit.cli.{verb}").main(words[1:])
    return code


def complain(message: str, hint: str = "") -> None:
    """`evalkit: error: message` on stderr, and the way out below it."""
    from evalkit.cli.text import visible

    lines = [f"evalkit: error: {message}", *(f"  {line}" for line in hint.splitlines())]
    print(visible("\n".join(lines)), file=sys.stderr)


def machine_trouble(e: OSError) -> tuple[str, str]:
    import errno

    said = f"{e.strerror or e}" + (f": {e.filename}" if e.filename else "")
    hints = {
        errno.ENOSPC: "free some space, then give the same command again: a run continues where it stopped",
        errno.EDQUOT: "free some of your quota, then give the same command again",
        errno.EACCES: "check who owns it, or choose another folder with --results DIR",
        errno.EROFS: "choose a folder that can be written with --results DIR",
        errno.EMFILE: "raise the limit on open files (ulimit -n) or lower --concurrency",
    }
    return said, hints.get(e.errno or 0, "EVALKIT_DEBUG=1 shows where it happened")
