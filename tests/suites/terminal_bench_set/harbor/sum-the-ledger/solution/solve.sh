#!/bin/bash
python3 - <<'END'
import csv
import json

totals = {}
with open("/app/ledger.csv", newline="") as file:
    for row in csv.DictReader(file):
        if row["amount"]:
            totals[row["account"]] = totals.get(row["account"], 0) + int(row["amount"])
with open("/app/totals.json", "w") as file:
    json.dump({**totals, "accounts": len(totals)}, file)
END
