"""LiveCodeBench, code generation: contest problems with tests on standard input or on a method."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from evalkit import suite
from evalkit.errors import DataError, UsageError
from evalkit.program import Job, Judgement, Limits, ProgramSandbox
from evalkit.protocol import Protocol
from evalkit.samples import SampleRecord
from evalkit.suite import MIB, SECONDS, CommonOptions, Data, Record, Scorer, SuiteInfo, option
from evalkit.task import Answer, Task, Verdict, error

from .errata import FAULTS
from .protocols import DEFAULT, PROTOCOLS
from .records import check, has_private, indexed, tests_in_use
from .releases import LATEST, Window, is_release, parts_of, unlike_theirs
from .samples import official_answers, official_row
from .stand_in import REAL_PREAMBLE

FOLDER = Path(__file__).parent
SCORERS = ("lcb-2025-05", "lcb-2025-01", "real")  # since 2025-05-23; 2025-01-17 to 2025-05-22; true processes
TIMEOUT = 6.0
LATE_S = 4.0  # beyond a test's limit, on a busy machine
OUTPUT_BYTES = 16 << 20
FILE_BYTES = 16 << 20
TAGS = ("difficulty", "platform")


@dataclass(frozen=True)
class Options(CommonOptions):
    release: str = option(
        "",
        "release_v1 to release_v6 or release_latest; v1 to v6 for what each added; v4_v6 for a span of these "
        f"(default: {LATEST}; of a single file, all)",
    )
    from_: str = option("", "contests from this day on: 2024-08-01")
    to: str = option("", "contests until the beginning of this day, as officially: 2025-02-01")
    protocol: str = option(DEFAULT, "how the model is asked and its reply read", choices=tuple(PROTOCOLS))
    scorer: str = option(
        "lcb-2025-05",
        "the official checker's rules of that date, or a true process with a true standard input",
        part="verdict",
        choices=SCORERS,
    )
    timeout: float = option(TIMEOUT, "seconds of wall clock for one test", part="verdict", within=SECONDS)
    memory: int = option(4096, "MiB of memory for one program", part="verdict", within=MIB)


class Suite(suite.Suite):
    Options = Options
    tests_are_data = True
    official_array = True
    required_fields = ("question_id", "question_content", "public_test_cases")

    def source(self) -> SuiteInfo:
        """Of the data's files, those of the release."""
        numbers, hub = parts_of(self.options.release), self.info.hub
        files = tuple(hub.files[n] for n in numbers) if hub else ()
        return dataclasses.replace(
            self.info,
            parts=tuple(self.info.parts[n] for n in numbers),
            hub=dataclasses.replace(hub, files=files) if hub else None,
        )

    def complete(self, record: Record, folder: Path) -> Record:
        """Files that hold statements and tests only have dates and the like in an index beside them."""
        return record if "contest_date" in record else indexed(record, folder)

    def tasks(self, records: Sequence[Record]) -> list[Task]:
        """In order of question_id as a text, which is the official one. Tests stay packed until they run."""
        return sorted(map(task_of, self.window().of(records)), key=lambda task: task.id)

    def window(self) -> Window:
        return Window(self.options.from_, self.options.to)

    def scope(self, data: Data) -> str:
        release, parts = self.options.release, self.source().parts
        if is_release(data.files, parts):
            name = LATEST if release in ("", "release_latest") else release
        elif release:
            raise UsageError(
                f"--release {release} needs the authors' files, and {data.source} is something else",
                "leave --release out, or give the folder that holds them: --data DIR",
            )
        else:
            name = ", ".join(file.name for file in data.files)
        return f"{name} {self.window()}".strip()

    def doubts(self, tasks: Sequence[Task], data: Data) -> tuple[str, ...]:
        return (*public_only(tasks), *foreign(data, self.info))

    def judging_doubts(self) -> tuple[str, ...]:
        doubts = []
        if self.options.scorer != SCORERS[0]:
            doubts.append(
                f"judged by the rules {self.options.scorer}, today's official ones are {SCORERS[0]}"
            )
        if self.options.timeout != TIMEOUT:
            doubts.append(f"{self.options.timeout:g} s a test, officially {TIMEOUT:g} s")
        return tuple(doubts)

    def protocol(self) -> Protocol:
        return PROTOCOLS[self.options.protocol]

    def scorer(self) -> Scorer:
        return Scorer(self.options.scorer, "1")

    async def score(self, task: Task, answer: Answer, sandbox: ProgramSandbox) -> Verdict:
        try:
            tests = await asyncio.to_thread(tests_in_use, task.data)  # megabytes, for some
        except DataError as e:
            return error("grader", str(e))
        real = self.options.scorer == "real"
        known = {
            "inputs": tests.inputs,
            "outputs": tests.outputs,
            "function": tests.function,
            "scorer": self.options.scorer,
            "timeout": self.options.timeout,
            "output": OUTPUT_BYTES,
            "before": REAL_PREAMBLE,
            "stand_in": text("stand_in.py"),
        }
        limits = Limits(
            # the authors' global limit; a whole-second alarm there, and so much longer for all of it
            wall_s=(self.options.timeout + 1) * len(tests.inputs) + 5,
            late_s=LATE_S,
            again_alone=True,
            memory_bytes=self.options.memory << 20,
            output_bytes=OUTPUT_BYTES,
            file_bytes=max(FILE_BYTES, *(4 * len(given) for given in tests.inputs)),
        )
        program = self.protocol().assemble(task, answer)
        guard = "none" if real else "livecodebench"
        judgement = await sandbox.judge(Job(program, text("judge.py"), known, limits, guard))
        return judgement.verdict(official="" if real else official_word(judgement))

    def read_samples(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[SampleRecord]:
        return official_answers(rows, self.protocol().extract)

    def official_row(self, task: Task, answers: Sequence[Answer | None]) -> dict[str, Any]:
        return official_row(task, answers, self.protocol().extract)


def official_word(judgement: Judgement) -> str:
    """The judge's word; that of a result which never came, where the judge itself was ended."""
    ended = judgement.status not in ("passed", "grader")
    return str(judgement.data.get("official", "-5" if ended else ""))


def task_of(record: Record) -> Task:
    """A problem without any test cannot be judged: whoever passed no test would pass it."""
    name, untested = str(record["question_id"]), "" if check(record) else "the data holds no test of it"
    tags = {tag: str(record[tag]) for tag in TAGS if record.get(tag)}
    if name in FAULTS:
        tags["known fault"] = FAULTS[name]
    return Task(name, record, gold(record), tags, unavailable=untested)


def gold(record: Mapping[str, Any]) -> Answer | None:
    """The official data has no solutions; problems of one's own may have one under "solution"."""
    solution = record.get("solution")
    return Answer(solution, "solution") if isinstance(solution, str) else None


def public_only(tasks: Sequence[Task]) -> tuple[str, ...]:
    without = sum(not has_private(task.data) for task in tasks)
    if not without:
        return ()
    return (
        "public tests only" + ("" if without == len(tasks) else f" for {without} of {len(tasks)} problems"),
    )


def foreign(data: Data, info: SuiteInfo) -> tuple[str, ...]:
    """Files that are not the authors', where their pinned revision did not bring them."""
    if data.source.startswith("hub:") and data.pinned:
        return ()
    return tuple(filter(None, (unlike_theirs(file, info.parts) for file in data.files)))


@cache
def text(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")
