import subprocess
from pathlib import Path

BOOK = Path("/app/book")
WHOLE = (
    "The Keeper of the Lamps\n"
    "Every evening she climbed the stairs.\n"
    "The lamps were lit, one after another.\n"
    "In the morning the sea was calm.\n"
)


def make(*words):
    done = subprocess.run(["make", *words], cwd=BOOK, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_is_built_from_nothing():
    make("clean")
    assert not (BOOK / "out").exists()
    make()
    assert (BOOK / "out" / "book.txt").read_text() == WHOLE
    assert (BOOK / "out" / "words.txt").read_text().strip() == "25"


def test_it_can_be_called_again():
    make()
    make("clean")
    make("clean")
    make()
    assert (BOOK / "out" / "book.txt").read_text() == WHOLE


def test_chapters_are_as_they_were():
    assert (
        "".join((BOOK / name).read_text() for name in ("title", "chapter-1", "chapter-2", "chapter-3"))
        == WHOLE
    )
