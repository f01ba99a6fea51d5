"""Benchmarks that ship with evalkit: one folder each."""
