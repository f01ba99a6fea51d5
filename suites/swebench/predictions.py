"""Predictions files: what models answered, in each format that the official harness reads, by its rules."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit.errors import DataError

KEYS = ("instance_id", "model_patch", "model_name_or_path")


@dataclass(frozen=True)
class Prediction:
    """`patch` is None or "" where there is none: officially not run, "empty patch", and unresolved."""

    instance_id: str
    model: str
    patch: str | None

    @property
    def empty(self) -> bool:
        """Blanks are no empty patch: officially such a patch is tried, and does not apply."""
        return not self.patch

    @property
    def data(self) -> bytes:
        """The patch as the harness puts it into the container: nothing stripped, no last newline added.

        DataError for half a surrogate pair, which no file can hold; officially the instance is an error.
        """
        try:
            return (self.patch or "").encode()
        except UnicodeEncodeError:
            raise DataError(
                f"the patch for {self.instance_id} holds half a surrogate pair: no UTF-8"
            ) from None

    def row(self) -> dict[str, Any]:
        return {
            "instance_id": self.instance_id,
            "model_patch": self.patch,
            "model_name_or_path": self.model,
        }


def read_predictions(path: Path, known: Container[str] | None = None) -> dict[str, Prediction]:
    """By instance id, in the file's order. `.json`: a list, or an object of predictions by any key; `.jsonl`.

    Of several for one instance the last counts. DataError, naming the row, for one that lacks a key or is of
    another type, and, where the data set's ids are given (`known`), for instances that it does not have: as
    officially, one of them stops the whole run.
    """
    found: dict[str, Prediction] = {}
    for where, row in rows(path):
        prediction = one(f"{path.name}: {where}", row)
        found[prediction.instance_id] = prediction
    if not found:
        raise DataError(f"{path.name} holds no predictions")
    strangers = [name for name in found if known is not None and name not in known]
    if strangers:
        more = f" and {len(strangers) - 3} more" if len(strangers) > 3 else ""
        raise DataError(
            f"{path.name}: no instances of this data set: {', '.join(strangers[:3])}{more}",
            "is it the predictions' own data set (Verified, Lite, ...)?",
        )
    return found


def rows(path: Path) -> Iterator[tuple[str, Any]]:
    """(where it stands, row)."""
    if path.suffix not in (".json", ".jsonl"):
        raise DataError(f"{path.name}: predictions are a .json or a .jsonl file")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as e:
        raise DataError(f"{path} cannot be read: {e}") from None
    if path.suffix == ".jsonl":
        lines = enumerate(text.split("\n"), 1)
        yield from ((f"line {n}", parsed(path, f"line {n}", line)) for n, line in lines if line.strip())
        return
    content = parsed(path, "the file", text)
    if isinstance(content, dict):
        yield from ((f"entry {key!r:.90}", row) for key, row in content.items())
    elif isinstance(content, list):
        yield from ((f"row {n}", row) for n, row in enumerate(content, 1))
    else:
        raise DataError(f"{path.name} is neither a list of predictions nor an object of them")


def parsed(path: Path, where: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as e:
        raise DataError(f"{path.name}: {where} is no JSON ({str(e)[:100]})") from None


def one(where: str, row: Any) -> Prediction:
    if not isinstance(row, dict):
        raise DataError(
            f"{where}: a prediction is an object, not {type(row).__name__}", f"with {', '.join(KEYS)}"
        )
    name = row.get("instance_id")
    missing = [key for key in KEYS if key not in row]
    if missing:
        raise DataError(f"{where}{f' ({name})' if name else ''}: no {', '.join(missing)}")
    model, patch = row["model_name_or_path"], row["model_patch"]
    if not isinstance(name, str) or not isinstance(model, str):
        raise DataError(f"{where}: instance_id and model_name_or_path are texts")
    if patch is not None and not isinstance(patch, str):
        raise DataError(f"{where} ({name}): model_patch is a text or null, not {type(patch).__name__}")
    return Prediction(name, model, patch)


def written(predictions: Iterable[Prediction]) -> str:
    """JSON lines that the official harness reads."""
    return "".join(json.dumps(prediction.row()) + "\n" for prediction in predictions)
