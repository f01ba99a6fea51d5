"""Says of a fresh container what choice.py asks: which paths there are, and the names of its programs and
libraries. With "pack" instead it gives these paths, as they are, as an archive."""

import io
import json
import os
import sys
import tarfile

told = json.load(sys.stdin)


def names(folders: list[str], part: str) -> list[str]:
    found = set()
    for folder in folders:
        for _, _, files in os.walk(folder) if part else [(folder, [], listed(folder))]:
            found |= {name for name in files if part in name}
    return sorted(found)


def listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


if "pack" in told:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in told["pack"]:
            archive.add(path, arcname=path.lstrip("/"), recursive=not os.path.islink(path))
    sys.stdout.buffer.write(out.getvalue())
else:
    print(
        json.dumps(
            {
                "there": [path for path in told["paths"] if os.path.lexists(path)],
                "programs": names(told["programs"], ""),
                "libraries": names(told["libraries"], ".so"),
            }
        )
    )
