"""Deliberately naive scorers, to show that the cases of the corpus bite. Never use them to score anything.

Their text runs as process 1 of a throw-away container (bites.py), and nowhere else: it executes hostile
programs. Each is a shape that is in use somewhere.
"""
