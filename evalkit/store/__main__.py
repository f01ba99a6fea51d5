"""`python -m evalkit.store verify|repair FOLDER`: look after a run's database by hand."""

from __future__ import annotations

import sys

from evalkit.errors import EvalkitError
from evalkit.store.folder import repair, verify


def main(args: list[str]) -> int:
    if len(args) != 2 or args[0] not in ("verify", "repair"):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        lines = verify(args[1]) if args[0] == "verify" else repair(args[1])
    except EvalkitError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print("\n".join(lines) or "every record is whole")
    return 1 if lines and args[0] == "verify" else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
