"""What runs in the workspace: relays, given to an interpreter as texts. They import nothing of ours."""
