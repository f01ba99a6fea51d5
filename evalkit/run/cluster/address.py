"""What `--workers` may say."""

from __future__ import annotations

from evalkit.errors import UsageError


def address_of(workers: str) -> str:
    """The address in `ray[:ADDRESS]`: HOST:PORT or `auto`; "" where none is given. UsageError."""
    kind, _, address = workers.partition(":")
    if kind != "ray" or workers == "ray:":
        raise UsageError(f"--workers {workers}: unknown", "ray, or ray:HOST:PORT")
    if address.startswith("ray:") or address.startswith("//"):
        raise UsageError(
            f"--workers {workers}: evalkit runs on a machine of the cluster, not as its client",
            "give the head's own address, ray:HOST:6379, on the head or any other of its machines",
        )
    host, _, port = address.rpartition(":")
    if address not in ("", "auto") and not (host and port.isdigit()):
        raise UsageError(f"--workers {workers}: no address", "ray:HOST:PORT, as `ray start --head` prints it")
    return address
