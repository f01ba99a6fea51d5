from pathlib import Path


def test_the_list_is_revised():
    assert Path("/app/list.txt").read_text().split() == ["glass", "match", "oil", "wick"]
