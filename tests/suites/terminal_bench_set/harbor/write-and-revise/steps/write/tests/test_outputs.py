from pathlib import Path


def test_the_list_is_there():
    assert Path("/app/list.txt").read_text().split() == ["oil", "wick", "match"]
