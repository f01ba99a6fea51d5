"""mini-swe-agent as a scaffold: the package itself, in a process of its own, over our workspace and model.

docs/agents.md.
"""
