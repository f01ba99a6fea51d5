"""Flags that actions of `nightly` share."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

from evalkit.cli.parser import Parser


def add_plan(parser: Parser) -> None:
    parser.add_argument("plan", metavar="PLAN", help="the plan's file; `evalkit nightly init` writes one")


def add_outputs(parser: Parser) -> None:
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="DIR",
        help="where dashboard, feed and badges go (default: reports/nightly/NAME)",
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="errors only")


def day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day: 2026-11-26") from None
