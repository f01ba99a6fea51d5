"""How work is split among nodes, and what `--workers` may say: without Ray."""

from __future__ import annotations

import http.server
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.errors import UsageError
from evalkit.run.cluster.address import address_of
from evalkit.run.cluster.shares import Shares
from tests.run.scale.sessions import refused


@given(
    groups=st.lists(st.integers(1, 4), max_size=30),
    nodes=st.integers(1, 5),
    turns=st.lists(st.integers(0, 5), max_size=200),
    lost=st.sets(st.integers(0, 200)),
)
def test_everything_is_taken_and_nothing_twice(
    groups: list[int], nodes: int, turns: list[int], lost: set[int]
) -> None:
    items = [(group, k) for group, size in enumerate(groups) for k in range(size)]
    shares = Shares(items, lambda item: item[0], nodes)
    done = []
    for turn, node in enumerate(turns):  # node 5 joins later
        item = shares.take(node)
        if item is not None and turn in lost:
            shares.back(item)
        elif item is not None:
            done.append(item)
    while (item := shares.take(0)) is not None:
        done.append(item)
    assert sorted(done) == items


def test_neighbours_stay_together() -> None:
    """Two nodes take turns over 40 images with three samples each: an image is met by both once at most."""
    items = [(image, sample) for image in range(40) for sample in range(3)]
    shares = Shares(items, lambda item: item[0], 2)
    met: dict[str, list[int]] = {"a": [], "b": []}
    for turn in range(len(items)):
        node = "ab"[turn % 3 == 0]  # one is twice as fast
        item = shares.take(node)
        assert item is not None
        met[node].append(item[0])
    assert shares.take("a") is None
    assert len(set(met["a"])) + len(set(met["b"])) <= 42
    assert met["b"][:30] == [image for image in range(10) for _ in range(3)], (
        "who asked first begins at the first"
    )


@pytest.mark.parametrize(
    ("words", "address"), [("ray", ""), ("ray:auto", "auto"), ("ray:10.0.0.1:6379", "10.0.0.1:6379")]
)
def test_addresses(words: str, address: str) -> None:
    assert address_of(words) == address


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("dask", "unknown"),
        ("ray:", "unknown"),
        ("ray:head", "no address"),
        ("ray:head:", "no address"),
        ("ray:ray://head:10001", "not as its client"),
    ],
)
def test_what_is_no_address_is_refused(words: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        address_of(words)


class Web(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_: object) -> None: ...


def test_where_no_cluster_answers_that_is_said_at_once(tmp_path: Path) -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), Web) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"ray:127.0.0.1:{server.server_address[1]}"
        said = refused("mini", "--model", "oracle", "--workers", address, results=tmp_path)
        assert "is no Ray cluster" in said
        server.shutdown()
    with socket.socket() as held:  # which does not listen, and nobody else does there
        held.bind(("127.0.0.1", 0))
        address = f"ray:127.0.0.1:{held.getsockname()[1]}"
        said = refused("mini", "--model", "oracle", "--workers", address, results=tmp_path)
    assert "no Ray cluster answers at 127.0.0.1" in said
    assert "ray start --head" in said
    assert list(tmp_path.iterdir()) == []


def test_ray_is_imported_only_for_it_and_its_extra_is_named() -> None:
    program = """
import sys
import evalkit.cli.run, evalkit.run.session
assert "ray" not in sys.modules
sys.modules["ray"] = None  # as if it were not installed
from evalkit.cli import main
sys.exit(main(["run", "mini", "--model", "oracle", "--workers", "ray"]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300)
    assert done.returncode == 2, done.stderr
    assert "Ray, which is not installed" in done.stderr
    assert "evalkit[ray]" in done.stderr
