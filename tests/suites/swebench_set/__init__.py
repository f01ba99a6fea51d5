"""Eight instances of SWE-bench of our own: tiny repositories with a history, in the official schema.

    rows()              the data set: instances.jsonl, what `evalkit run swebench --data` reads
    mirrors(folder)     bare git repositories with all of the history, by name; the commits never change
    images()            makes sure that the engine has the rows' images, under the rows' names

`repositories/*.stream` are the histories, for `git fast-import`; `facts.toml` is the rest.
`python -m tests.suites.swebench_set` writes the .jsonl files anew: rows, environments, setup.
"""

from .data import ENVIRONMENTS, FOLDER, INSTANCES, SETUP, gold, row, rows
from .images import images
from .repositories import mirrors

__all__ = ["ENVIRONMENTS", "FOLDER", "INSTANCES", "SETUP", "gold", "images", "mirrors", "row", "rows"]
