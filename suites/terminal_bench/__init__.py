"""Terminal-Bench: work in a terminal. docs/terminal-bench.md"""
