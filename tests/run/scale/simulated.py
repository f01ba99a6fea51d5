"""A Ray cluster of several nodes, simulated on this machine, in a process of its own.

    python -m tests.run.scale.simulated 2 2     a head and nodes with so much docker; prints the address

A line on its standard input ends a node, as if its machine lost its power; the end of the input ends it all.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

SMALL: dict[str, Any] = {"num_cpus": 0, "object_store_memory": 80 << 20}  # no worker is started ahead


def main(docker: list[float]) -> None:
    from ray.cluster_utils import Cluster

    cluster: Any = Cluster(initialize_head=True, head_node_args={**SMALL, "include_dashboard": False})
    try:
        nodes = [
            cluster.add_node(**SMALL, **({"resources": {"docker": amount}} if amount else {}))
            for amount in docker
        ]
        print(cluster.address, flush=True)
        for _ in sys.stdin:
            cluster.remove_node(nodes.pop(), allow_graceful=False)
            print("gone", flush=True)
    finally:
        cluster.shutdown()


class Simulated:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        assert process.stdout is not None
        assert process.stdin is not None
        self._out, self._in = process.stdout, process.stdin
        self.address = self._out.readline().strip()
        assert ":" in self.address, "the cluster did not start"
        self.words = f"ray:{self.address}"

    def lose_a_node(self) -> None:
        self._in.write("\n")
        self._in.flush()
        assert self._out.readline() == "gone\n"

    def end(self) -> None:
        self._in.close()
        self._process.wait(60)
        self._out.close()


@contextmanager
def simulated(*docker: float) -> Iterator[Simulated]:
    """Nodes with so much docker each (0: none), beside a head that has none."""
    command = [sys.executable, "-m", __name__, *map(str, docker)]
    environment = {**os.environ, "RAY_USAGE_STATS_ENABLED": "0"}
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    )
    cluster = Simulated(process)
    try:
        yield cluster
    finally:
        cluster.end()


if __name__ == "__main__":
    main([float(amount) for amount in sys.argv[1:]])
