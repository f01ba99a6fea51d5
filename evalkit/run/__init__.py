"""Runs: what is to do, in what order, with which limits; and what came of it."""
