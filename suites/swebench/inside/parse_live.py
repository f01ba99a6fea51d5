"""Run in a container of its own: a row's log parser, code of the data set's authors, on a log, which is what
hostile programs printed.

    python3 -I parse_live.py PARSER LOG     one JSON object on stdout: {"statuses": ...} or {"broken": ...}
"""

import io
import json
import os
import sys
from pathlib import Path
from typing import Any


def main(parser: str, log: str) -> None:
    out = os.fdopen(os.dup(1), "w", encoding="ascii")
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, 1)
    os.dup2(devnull, 2)
    sys.stdout = sys.stderr = io.StringIO()
    try:
        names: dict[str, Any] = {}
        exec(Path(parser).read_text(encoding="utf-8"), names)
        found = names["parser"](Path(log).read_text(encoding="utf-8")) or {}
        if not all(isinstance(word, str) for word in found.values()):
            raise TypeError("a test's word is no text")
        line = json.dumps({"statuses": {str(test): word for test, word in found.items()}})
    except BaseException as e:
        line = json.dumps({"broken": f"{type(e).__name__}: {e}"[:300]})
    out.write(line)
    out.flush()
    os._exit(0)


main(*sys.argv[1:])
