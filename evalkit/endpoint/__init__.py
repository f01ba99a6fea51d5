"""A scripted OpenAI-compatible endpoint with faults, for tests, the demo and benchmarks.

It speaks real HTTP and answers from a script, so that everything above it (client, retries, store,
resume) is tried on real parts. `python -m evalkit.endpoint --help` documents script and faults;
`evalkit.endpoint.process.running` starts it in a process of its own.
"""
