import json
from pathlib import Path

TOTALS = {"salt": 124977, "lamps": 107670, "boats": 282130, "ropes, and more": 81898}


def totals():
    return json.loads(Path("/app/totals.json").read_text())


def test_sums_are_right():
    assert {name: total for name, total in totals().items() if name != "accounts"} == TOTALS


def test_accounts_are_counted():
    assert totals()["accounts"] == len(TOTALS)
