import hashlib
from pathlib import Path

OPENED = hashlib.sha256(b"opened with lretnua and 391\n").hexdigest()[:16]


def test_the_box_is_open():
    assert Path("/app/box.txt").read_text() == f"{OPENED}\n"


def test_the_lock_was_not_changed():
    assert "read -r -n 1 key" in Path("/app/lock").read_text()
