"""Statistics: pure functions on numbers and arrays. Imports nothing else of evalkit."""
