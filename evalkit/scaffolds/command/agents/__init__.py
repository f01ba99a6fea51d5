"""Agents that evalkit knows, a TOML file each."""
