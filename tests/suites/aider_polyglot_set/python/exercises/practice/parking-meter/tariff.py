"""What parking costs: (minutes, cents) of each step, and the coins that the meter has."""

STEPS = [(30, 50), (30, 70), (60, 200)]
COINS = [200, 100, 50, 20, 10]
