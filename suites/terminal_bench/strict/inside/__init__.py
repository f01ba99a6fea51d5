"""What runs in a task's container for a strict verdict, by the verifier's own Python 3.13."""
