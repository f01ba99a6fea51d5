"""Outlooks of made-up series: what a page is made from, without a plan, a folder or a run."""

from __future__ import annotations
