"""What runs in a workspace: it needs nothing of evalkit."""
