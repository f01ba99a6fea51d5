"""Small tasks as the data of each suite, answers as its samples file, and a run of it by the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.run.command import printed

FIRST_ID = 5001  # of tasks: some official ids have rules of their own


@dataclass(frozen=True)
class Question:
    """One program to judge: `io` as tasks.toml has it, `solution` a whole right program."""

    name: str  # of the function; "" for programs that read and print
    solution: str
    io: Sequence[Sequence[Any]]
    code: str


def asserts(question: Question, called: str) -> list[str]:
    return [f"assert {called}({', '.join(map(repr, args))}) == {want!r}" for args, want in question.io]


def as_humaneval(number: int, q: Question) -> dict[str, Any]:
    test = "\n".join(["def check(candidate):", *(f"    {line}" for line in asserts(q, "candidate"))])
    prompt = f'def {q.name}(x):\n    """A task."""\n'
    return {"task_id": f"own/{number}", "prompt": prompt, "entry_point": q.name, "test": test}


def as_mbpp(number: int, q: Question) -> dict[str, Any]:
    return {"task_id": number, "text": "A task.", "code": q.solution, "test_list": asserts(q, q.name)}


def as_plus(number: int, q: Question, prefix: str) -> dict[str, Any]:
    """Half of the inputs are base inputs, half are the added ones."""
    inputs = [args for args, _ in q.io]
    prompt = f'def {q.name}(x):\n    """A task."""\n' if prefix == "HumanEval" else '"""\nA task.\n"""\n'
    return {
        "task_id": f"{prefix}/{number}",
        "prompt": prompt,
        "entry_point": q.name,
        "canonical_solution": f"\n{q.solution}",
        "base_input": inputs[: len(inputs) // 2],
        "plus_input": inputs[len(inputs) // 2 :],
        "atol": 0,
    }


def as_livecodebench(number: int, q: Question) -> dict[str, Any]:
    if q.name:
        tests = [
            {"input": "\n".join(map(json.dumps, args)), "output": json.dumps(want), "testtype": "functional"}
            for args, want in q.io
        ]
    else:
        tests = [{"input": given, "output": want, "testtype": "stdin"} for given, want in q.io]
    return {
        "question_id": f"own_{number:03d}",
        "question_content": "A task.",
        "starter_code": f"def {q.name}(x):\n    " if q.name else "",
        "public_test_cases": json.dumps(tests),
        "metadata": json.dumps({"func_name": q.name} if q.name else {}),
    }


@dataclass(frozen=True)
class Kind:
    """A suite, and how a question is a row of its data; `key`: where the row has its id."""

    suite: str
    row: Callable[[int, Question], dict[str, Any]]
    flags: tuple[str, ...] = ()
    key: str = "task_id"
    other_reasons: tuple[str, ...] = ()  # of failures that this suite's own rules have another reason for

    def rows(self, questions: Sequence[Question]) -> list[dict[str, Any]]:
        return [self.row(number, question) for number, question in enumerate(questions, FIRST_ID)]


REAL = ("--scorer", "real")
FUNCTIONS = {
    "humaneval": Kind("humaneval", as_humaneval),
    "mbpp": Kind("mbpp", as_mbpp, ("--split", "all")),
    # their authors allow 4 GB of memory, which a bomb of less does not reach
    "humaneval-plus": Kind(
        "humaneval-plus", lambda n, q: as_plus(n, q, "HumanEval"), other_reasons=("memory",)
    ),
    "mbpp-plus": Kind("mbpp-plus", lambda n, q: as_plus(n, q, "Mbpp"), other_reasons=("memory",)),
    # nor does its authors' standard output have a `buffer` that could be flooded
    "livecodebench": Kind(
        "livecodebench", as_livecodebench, key="question_id", other_reasons=("memory", "output")
    ),
    "livecodebench real": Kind(
        "livecodebench", as_livecodebench, REAL, key="question_id", other_reasons=("memory",)
    ),
    "humaneval real": Kind("humaneval", as_humaneval, REAL),
    "mbpp real": Kind("mbpp", as_mbpp, ("--split", "all", *REAL)),
}
PROGRAMS = {name: kind for name, kind in FUNCTIONS.items() if kind.suite == "livecodebench"}


@dataclass(frozen=True)
class Done:
    """How a run ended, its samples in the order of the questions, and the harness's own peak memory."""

    code: int
    records: list[dict[str, Any]]
    stderr: str
    peak_bytes: int


def write(folder: Path, kind: Kind, questions: Sequence[Question]) -> tuple[Path, Path]:
    """The data file and the samples file of these questions, in their order."""
    folder.mkdir(parents=True, exist_ok=True)
    data, samples = folder / "tasks.jsonl", folder / "answers.jsonl"
    rows = kind.rows(questions)
    answers = [
        {"task_id": row[kind.key], "solution": question.code}
        for row, question in zip(rows, questions, strict=True)
    ]
    for path, lines in ((data, rows), (samples, answers)):
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return data, samples


def command(folder: Path, kind: Kind, questions: Sequence[Question], *flags: str) -> list[str]:
    data, samples = write(folder, kind, questions)
    run = ["run", kind.suite, "--data", str(data), "--model", f"replay:{samples}", *kind.flags, *flags]
    return [sys.executable, "-m", "evalkit", *run, "--results", str(folder / "results"), "--json"]


def evalkit(words: Sequence[str], environment: Mapping[str, str] | None = None) -> tuple[int, str, str, int]:
    """Exit code, standard output, standard error and peak memory in bytes of a command."""
    process = subprocess.Popen(
        words,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environment or {})},
    )
    assert process.stdout is not None
    assert process.stderr is not None
    out, err = process.stdout.read(), process.stderr.read()  # the latter is small without a terminal
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    process.stderr.close()
    return process.returncode, out, err, usage.ru_maxrss << 10


def judge(folder: Path, kind: Kind, questions: Sequence[Question], *flags: str) -> Done:
    """Run the suite on these questions and their answers; records as `evalkit export` has them."""
    code, out, err, peak = evalkit(command(folder, kind, questions, *flags))
    assert out, err
    return Done(code, records(json.loads(out.splitlines()[-1])["run"], kind, questions), err, peak)


def records(run: str, kind: Kind, questions: Sequence[Question]) -> list[dict[str, Any]]:
    _, out, _ = printed(("export", run))
    by_task = {record["task_id"]: record for record in map(json.loads, out.splitlines())}
    return [by_task[str(row[kind.key])] for row in kind.rows(questions)]
