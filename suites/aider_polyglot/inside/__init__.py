"""What runs in a workspace, beside an answer: it needs nothing of evalkit."""
