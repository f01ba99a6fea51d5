"""evalkit: jobs as the suite makes them, in the sandbox that `evalkit run` opens."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from evalkit.outcome import Outcome
from evalkit.program import ProgramSandbox
from evalkit.registry import open_suite
from evalkit.run.settings import Knobs
from evalkit.run.spread import open_sandboxes
from evalkit.suite import Suite
from evalkit.task import Answer, Form, Task, Verdict
from race.child import LIMIT_S, Row, problems, serve


def word(verdict: Verdict) -> str:
    if verdict.outcome is Outcome.FAILED:
        return "timeout" if verdict.reason == "timeout" else "failed"
    return "passed" if verdict.outcome is Outcome.PASSED else f"error: {verdict.reason}: {verdict.detail}"


async def judge_all(
    suite: Suite,
    tasks: dict[str, Task],
    sandbox: ProgramSandbox,
    samples: list[Row],
    at_once: int,
    form: Form = "completion",
) -> list[str]:
    """As the pipeline's second stage does: so many judges at once, each with one sample at a time."""
    statuses = [""] * len(samples)
    waiting = iter(enumerate(samples))

    async def one_judge() -> None:
        for number, sample in waiting:
            answer = Answer(sample["completion"], form)
            statuses[number] = word(await suite.score(tasks[sample["task_id"]], answer, sandbox))

    await asyncio.gather(*(one_judge() for _ in range(at_once)))
    return statuses


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("suite")
    parser.add_argument("label")
    parser.add_argument("--judges", type=int, default=Knobs().judges)
    parser.add_argument("--pinned", action="store_true", help="the tests are the authors': see Data.pinned")
    parser.add_argument("--strict-limits", action="store_true")
    parser.add_argument("--timeout", type=float, default=LIMIT_S)
    parser.add_argument("--solutions", action="store_true", help="samples are whole programs")
    args = parser.parse_args()
    form: Form = "solution" if args.solutions else "completion"
    suite = open_suite(args.suite, {"timeout": args.timeout})
    tasks = {task.id: task for task in suite.tasks(list(problems(args.folder).values()))}
    with asyncio.Runner() as runner:
        how = {"trusted": args.pinned, "strict_limits": args.strict_limits}
        sandbox = runner.run(open_sandboxes(1, args.judges, args.label, **how))
        try:

            def run(samples: list[Row], at_once: int) -> list[str]:
                at_once = at_once or sandbox.in_flight
                return runner.run(judge_all(suite, tasks, sandbox, samples, at_once, form))

            serve(args.folder, run, {"judges": args.judges, **sandbox.describe()})
        finally:
            runner.run(sandbox.close())


if __name__ == "__main__":
    main()
