"""Local model servers: engines that evalkit starts, waits for and stops. docs/local-models.md

engine.py     what an engine is: its command line, probes and words
engines/      one small description each
guard.py      the process that holds a server, and ends it with whoever asked for it
life.py       start, ready, stop
kept.py       servers that are kept between runs, as servers to use
records.py    all that live, a small file each
"""
