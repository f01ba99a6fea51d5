"""LiveCodeBench: self-repair."""
