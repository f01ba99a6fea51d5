from pathlib import Path

LETTERS = (
    "2019/2019-11-30-garden.txt",
    "2020/2020-01-02-rent.txt",
    "2020/2020-07-14-boat.txt",
    "2021/2021-03-09-rent.txt",
    "2021/2021-12-24-the long one.txt",
)
ARCHIVE = Path("/app/archive")


def test_letters_lie_in_their_years():
    found = sorted(str(path.relative_to(ARCHIVE)) for path in ARCHIVE.glob("*/*"))
    assert found == list(LETTERS)


def test_letters_are_what_they_were():
    assert (ARCHIVE / LETTERS[1]).read_text() == "A letter of 2020-01-02.\n"


def test_all_else_stays():
    assert [path.name for path in Path("/app/inbox").iterdir()] == ["notes.txt"]


def test_the_index_is_whole():
    assert (ARCHIVE / "index.txt").read_text().splitlines() == list(LETTERS)
