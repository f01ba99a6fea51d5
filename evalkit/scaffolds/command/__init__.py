"""Command-line agents of others, inside the rollout's container: the model is all that they reach."""
