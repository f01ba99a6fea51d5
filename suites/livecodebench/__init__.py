"""LiveCodeBench: code generation."""
