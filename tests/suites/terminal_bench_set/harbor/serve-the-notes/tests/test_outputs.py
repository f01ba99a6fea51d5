import urllib.error
import urllib.request
from pathlib import Path


def get(name):
    return urllib.request.urlopen(f"http://localhost:8080/{name}", timeout=5).read()


def test_notes_are_served():
    assert get("monday") == b"Buy lamp oil.\n"
    assert get("tuesday").decode() == "M\u00f6wen z\u00e4hlen.\n"


def test_what_is_not_there_is_not_found():
    try:
        get("sunday")
    except urllib.error.HTTPError as e:
        assert e.code == 404
    else:
        raise AssertionError("an answer for a note that is not there")


def test_later_notes_are_served():
    Path("/app/notes/later").write_text("Wind the clock.\n")
    assert get("later") == b"Wind the clock.\n"
