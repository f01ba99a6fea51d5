"""Published values as data: docs/published-values.md describes the files."""
