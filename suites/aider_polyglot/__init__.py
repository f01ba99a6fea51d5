"""Aider-Polyglot: 225 exercises in six languages, two tries, the tests' output in between."""
