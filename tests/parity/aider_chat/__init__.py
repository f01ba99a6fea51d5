"""Our partner beside Aider's own chat: the same stories, what each sends and counts."""
