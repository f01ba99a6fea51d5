"""A model as a local OpenAI-compatible server: for agents that are programs of their own."""
