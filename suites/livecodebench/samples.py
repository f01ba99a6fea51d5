"""LiveCodeBench's files of answers: a JSON array with a row a problem, and in it a list of n answers.

The runner's own file has `output_list`, the raw replies, beside `code_list`, the code taken from them; a file
for the authors' custom evaluator has `question_id` and `code_list` alone. Rows belong to problems by their
question_id here; officially the sorted rows are paired with the sorted problems, whatever these are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from evalkit.errors import DataError
from evalkit.samples import FORMS, SampleRecord, read_rows
from evalkit.task import Answer, Task

FORMATS = "expected question_id with output_list or code_list, or task_id with reply or solution"
COPIED = (
    *("question_title", "question_content", "platform", "question_id", "contest_id", "contest_date"),
    *("starter_code", "difficulty"),
)

Row = Mapping[str, Any]
CodeOf = Callable[[Task, Answer], Answer | None]  # the chosen protocol's extraction


def official_answers(rows: Iterable[Row], code_of: CodeOf) -> Iterator[SampleRecord]:
    """The answers of a file of any of these formats. DataError where they cannot be told apart.

    Raw replies are replies, and what the protocol takes from them has to be the code beside them.
    """
    held = list(rows)
    refuse_shifted(held)
    seen: dict[str, int] = {}
    for number, row in enumerate(held, 1):
        if "task_id" in row and "question_id" not in row:
            yield from read_rows([row], number)
            continue
        if row.get("question_id") is None:
            raise DataError(f"row {number} of the samples file has no question_id", reason_why(row))
        name = str(row["question_id"])
        if name in seen:
            raise DataError(f"question {name} is in rows {seen[name]} and {number} of the samples file")
        seen[name] = number
        if "output_list" in row or "code_list" in row:
            yield from answers_of(name, row, code_of)
        elif any(row.get(form) is not None for form in FORMS):
            yield from read_rows([{**row, "task_id": name}], number)
        else:
            raise DataError(f"question {name}: no answers", FORMATS)


def answers_of(name: str, row: Row, code_of: CodeOf) -> Iterator[SampleRecord]:
    replies, codes = texts(name, row, "output_list"), texts(name, row, "code_list")
    if replies is None or codes is None:
        known = replies if codes is None else codes
        replies, codes = replies or [None] * len(known or ()), codes or [None] * len(known or ())
    if len(replies) != len(codes):
        raise DataError(f"question {name}: {len(replies)} in output_list, {len(codes)} in code_list")
    task = Task(name, row)
    for number, (reply, code) in enumerate(zip(replies, codes, strict=True)):
        if reply is None:
            yield SampleRecord(name, None if code is None else Answer(code, "solution"))
        elif code is None:
            yield SampleRecord(name, Answer(reply))
        elif reply == code:  # the custom evaluator writes code in both places
            yield SampleRecord(name, Answer(code, "solution"))
        else:
            found = code_of(task, Answer(reply))
            if (found.text if found else "") != code:
                raise DataError(
                    f"question {name}, answer {number}: code_list has other code than this protocol takes "
                    "from the reply in output_list",
                    "choose the protocol that the model was asked by (base models: --protocol lcb-base; "
                    "files from before 26 December 2024: lcb-chat-2024), or leave output_list out of "
                    "the file to have the code judged as it stands",
                )
            yield SampleRecord(name, Answer(reply))


def texts(name: str, row: Row, key: str) -> list[str | None] | None:
    """A row's list of texts, null for an answer that is missing; None where the row has no such list."""
    found = row.get(key)
    if found is None:
        return None
    if found == "" or (found == [] and row.get("output_list") == ""):
        return [None]  # the request failed, and it was for one answer: see refuse_shifted
    if not isinstance(found, list) or not all(text is None or isinstance(text, str) for text in found):
        raise DataError(f"question {name}: {key} is no list of texts")
    if not found:
        raise DataError(f"question {name}: {key} is empty", "a null holds the place of an answer")
    return found


def refuse_shifted(rows: Sequence[Row]) -> None:
    """DataError for a file in which answers have moved to other problems.

    Where a request for n answers failed, the authors' runner puts n empty texts in place of one list: every
    later list then stands n - 1 problems too late, and the last ones are lost.
    """
    failed = [row.get("question_id") for row in rows if row.get("output_list") == ""]
    most = max(
        (len(row["output_list"]) for row in rows if isinstance(row.get("output_list"), list)), default=1
    )
    if failed and most > 1:
        raise DataError(
            f"question {failed[0]}: output_list is an empty text, left by a request that failed; from there "
            "on the official runner gives answers to the wrong problems, so this file cannot be scored",
            "generate the answers again: none after this one can be trusted",
        )


def reason_why(row: Row) -> str:
    if "samples" in row:
        return "lists without question_id cannot be matched to problems: write question_id and code_list"
    return FORMATS


def official_row(task: Task, answers: Sequence[Answer | None], code_of: CodeOf) -> dict[str, Any]:
    """A problem's row as the authors' runner writes it; null for an answer that is missing.

    A null makes the official scorers refuse the file: they know no missing answer, only a wrong one.
    """
    codes = [answer and (code_of(task, answer) or Answer("", "solution")) for answer in answers]
    return {
        **{key: task.data[key] for key in COPIED if key in task.data},
        "output_list": [answer and answer.text for answer in answers],
        "code_list": [code and code.text for code in codes],
    }
