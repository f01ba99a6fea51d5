"""The same pipeline on the machines of a Ray cluster: docs/scale.md.

    the head      plan, store, models, limits, progress: all that is paid for or counted
    each node     an actor with a sandbox of its own, which makes attempts and judges answers

Ray is imported when a cluster is joined, never before.
"""
