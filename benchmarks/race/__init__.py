"""What benchmarks/judge.py is made of: several ways of judging the same samples, and what each costs.

Every way (a contender) is a process of its own, so that its CPU time and memory are its own. `child.py`
is how they are spoken to; standard library only, as one of them runs in an environment without evalkit.
"""
