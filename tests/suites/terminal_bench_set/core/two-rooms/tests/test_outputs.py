import hashlib
import urllib.request
from pathlib import Path


def test_the_text_is_whole():
    parts = [urllib.request.urlopen(f"http://archive:8000/part/{n}", timeout=5).read() for n in (1, 2, 3, 4)]
    assert Path("/app/whole.txt").read_bytes() == b"".join(parts)
    assert len(parts[2]) == 42


def test_the_receipt_is_the_archives():
    whole = Path("/app/whole.txt").read_bytes()
    assert (
        Path("/app/receipt.txt").read_text().strip() == hashlib.sha256(b"receipt " + whole).hexdigest()[:12]
    )
