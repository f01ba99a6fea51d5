"""Real instances of SWE-bench Verified, graded by their authors' package and by us (docs/parity.md)."""
