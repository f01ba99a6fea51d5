"""What runs in the tool's own environment: it imports mini-swe-agent, and nothing of evalkit."""
