"""The strict run: the answer's solution beside the exercise's own tests and build files, reported test by
test.

A workspace of its own, whose files are root's. Compilers are run by root and execute nothing of the
answer's; its tests run as another user, who can change neither them nor what was built. Their reporters
write into a pipe, which is emptied by a launcher of root's (evalkit.witness): what was said cannot be
taken back, and what was said twice is seen. What this stops and what it cannot is in docs/security.md.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from evalkit.witness import LAUNCH, Launch, Launched, NoLaunch, Traps, launched
from evalkit.workspace import Executed, File, Tree, WorkspaceSandbox, WorkspaceSpec

from .exercises import Exercise
from .names import Names, expected
from .reports import said
from .runners import LIMIT_S, RUNNERS, folder_of, tests_ready
from .taken import is_test, taken
from .traps import set_traps

INSIDE = Path(__file__).with_name("inside")
TESTER = 1000  # the image's user "work", and its group
UNEXPECTED = 2000  # tests, and characters of a name, that are kept of a report beyond what was expected
REPORTERS = {
    "python": {"evalkit_report.py": "evalkit_report.py"},
    "javascript": {"reporter.js": "reporter.js"},
    "java": {"java/EvalkitReport.java": "EvalkitReport.java"},
}
LISTENER = "org.junit.platform.launcher.TestExecutionListener"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Strict:
    """What a strict run gave. `status` is None where nothing was run or nothing came of it; `tests` name ->
    status of each that was expected or reported, traps apart; `faults` say why it does not pass."""

    built: bool
    status: int | None
    tests: dict[str, str]
    faults: tuple[str, ...]
    orderly: bool  # what it says of the tests is what happened: traps included
    output: str
    executed: Executed
    left: tuple[str, ...] = ()  # changes of the answer that were not taken
    own_tests: bool = False  # whether an official run may run tests inside of its sources too


async def run_strict(
    sandbox: WorkspaceSandbox, image: str, exercise: Exercise, work: Tree, *, alone: bool = False
) -> Strict:
    """Run it; again and `alone` where it was late for want of CPU. NoLaunch where nothing came of it by our
    own fault."""
    files, left = taken(exercise, work)
    try:
        names = expected(exercise)
    except (SyntaxError, ValueError, RecursionError) as e:
        raise NoLaunch(f"cannot read which tests there are: {e}") from None
    tests = {path: file for path, file in files.items() if is_test(exercise, path) and file.link is None}
    trapped, traps = set_traps(exercise, {**tests, **tests_ready(exercise)})
    place = f"/grade-{secrets.token_hex(8)}"
    workspace = await sandbox.open(WorkspaceSpec(image, user="root"))
    try:
        await workspace.write({**files, **trapped}, folder=folder_of(exercise))
        await workspace.write(_inside(exercise.language), folder=place)
        run = await launched(workspace, _told(exercise, place), timeout_s=LIMIT_S, alone=alone)
    finally:
        await workspace.close()
    if run.executed.starved(LIMIT_S):
        return await run_strict(sandbox, image, exercise, work, alone=True)
    strict = judged(exercise, run, traps, names)
    return replace(strict, left=left, own_tests=exercise.language == "rust" and _tests_inside(files))


def _tests_inside(files: Mapping[str, File]) -> bool:
    """Rust's tests inside of sources and of their documentation, which official runs run too."""
    sources = [file.data for path, file in files.items() if path.endswith(".rs") and path.startswith("src/")]
    return any(mark in data for data in sources for mark in (b"#[test]", b"```", b"#[doc", b"#![doc"))


def _told(exercise: Exercise, place: str) -> Launch:
    runner = RUNNERS[exercise.language]
    variables = {
        "PATH": PATH,
        "HOME": "/home/work",
        "LANG": "C.UTF-8",
        "GRADE": place,
        "REPORT": f"{place}/report",
        "EXERCISE": exercise.name,
        **runner.env,
    }
    return Launch(
        place,
        folder_of(exercise),
        runner.run,
        variables,
        TESTER,
        build=runner.build,
        report="stdout" if runner.report == "go" else "fifo",
    )


def _inside(language: str) -> dict[str, File]:
    """The launcher and the language's reporter, by their paths in the grader's folder."""
    names = REPORTERS.get(language, {})
    files = {path: File((INSIDE / name).read_bytes()) for path, name in names.items()}
    files["launch.py"] = File(LAUNCH.read_bytes())
    if language == "java":
        files[f"java/META-INF/services/{LISTENER}"] = File(b"EvalkitReport\n")
    return files


def judged(exercise: Exercise, run: Launched, traps: Traps, names: Names) -> Strict:
    """What the launcher said, against what was expected."""
    executed = run.executed
    if executed.timed_out or executed.ended:
        why = "not done in time" if executed.timed_out else f"the workspace was ended: {executed.ended}"
        return Strict(True, None, {}, (why,), False, run.output, executed)
    if run.built != 0:
        return Strict(False, None, {}, ("does not build",), False, run.output, executed)
    reported = said(RUNNERS[exercise.language].report, list(run.lines))
    tests, faults, orderly = compare(reported, traps, names, run.status)
    return Strict(True, run.status, tests, faults, orderly, run.output, executed)


def compare(
    reported: list[tuple[str, str]], traps: Traps, names: Names, status: int | None
) -> tuple[dict[str, str], tuple[str, ...], bool]:
    """Statuses by name, why this is no pass, and whether the run is to be believed at all."""
    passes = Counter(name for name, status in reported if status == "passed")
    others = {name: status for name, status in reported if status != "passed"}
    caught = [name for name in traps.failing if passes[name] or others.get(name) != "failed"]
    caught += [name for name in traps.passing if not passes[name] or name in others]
    faults = []
    if not names:
        faults.append("there is no test that could prove anything")
    if caught:
        unmasked = any(passes[name] for name in traps.failing)
        faults.append(
            "a test that cannot pass was reported as passed"
            if unmasked
            else f"{len(caught)} of {len(traps.names)} traps, which show whether all is run, are missing"
        )
    tests = {}
    unexpected = [name for name, _ in reported[:UNEXPECTED] if len(name) <= UNEXPECTED]
    for name in dict.fromkeys([*names, *unexpected]):
        if name in traps.names or name.partition("/")[0] in traps.names:
            continue
        tests[name] = others.get(name) or ("passed" if passes[name] >= names[name] else "missing")
    wrong = [name for name in names if tests[name] != "passed"]
    if wrong:
        unsaid = sum(tests[name] == "missing" for name in wrong)
        faults.append(f"{len(wrong)} of {len(names)} tests did not pass, {unsaid} of them unreported")
    orderly = bool(traps.names) and not caught and status not in (0, None)
    return tests, tuple(faults), orderly
