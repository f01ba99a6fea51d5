"""Parsers of test logs, by the names that the data set's rows have for them.

The names and what each reads are the authors' (swebench 5.0.2, harness/log_parsers); the code is ours, and
held equal to theirs by tests/parity/test_swebench.py. Many names stand for one parser.
"""

from __future__ import annotations

from difflib import get_close_matches

from evalkit.errors import DataError

from ..instances import Instance
from ..statuses import Parser
from . import blocks, failing, mocha, python
from .lines import CARBON, LINES, grommet, immutable_js, jekyll

PARSERS: dict[str, Parser] = {
    **dict.fromkeys(
        ["pytest", "astroid", "flask", "marshmallow", "pvlib", "pyvista", "sqlfluff", "xarray"], python.pytest
    ),
    **dict.fromkeys(["pytest_options", "pydicom", "requests", "pylint"], python.pytest_options),
    **dict.fromkeys(["pytest_v2", "astropy", "scikit", "sphinx"], python.pytest_v2),
    "matplotlib": python.matplotlib,
    "seaborn": python.seaborn,
    "django": python.django,
    "sympy": python.sympy,
    **LINES,
    "grommet": grommet,
    "immutable_js": immutable_js,
    "jekyll": jekyll,
    "maven": blocks.maven,
    "gradle_custom": blocks.gradle,
    "phpunit": blocks.phpunit,
    "karma": blocks.karma,
    "doctest": blocks.doctest,
    "quarto_cli": blocks.quarto,
    "highlightjs": mocha.highlightjs,
    "calypso": mocha.calypso,
    "next": mocha.next_design,
    "lighthouse": mocha.lighthouse(CARBON),
    "prismjs": mocha.prismjs,
    "eslint": failing.eslint,
    "bpmn_js": failing.bpmn,
    "openlayers": failing.openlayers,
    "chart_js": failing.chart,
    "marked": failing.marked,
    "p5js": failing.p5,
}


def parser(instance: Instance) -> Parser:
    """DataError for a name that swebench 5.0.2 does not know either."""
    name = instance.parser.removeprefix("parse_log_")
    if name in PARSERS and name != instance.parser:
        return PARSERS[name]
    close = get_close_matches(instance.parser, [f"parse_log_{name}" for name in PARSERS], 1)
    raise DataError(
        f"{instance.id}: log_parser {instance.parser[:80]!r} is unknown",
        f"did you mean {close[0]}?" if close else "a newer data set may need a newer evalkit",
    )
