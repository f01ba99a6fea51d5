"""The terminal: a tmux session that a model drives by keystrokes, and what it sees of it. docs/terminal.md"""
