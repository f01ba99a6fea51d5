"""Aider-Polyglot: 225 exercises in six languages, as the benchmark of Aider-AI/aider (5dc9490) runs them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evalkit import suite
from evalkit.errors import UsageError
from evalkit.interaction import Encounter
from evalkit.protocol import Protocol
from evalkit.recipe import Recipe
from evalkit.samples import Sampled
from evalkit.suite import CommonOptions, Data, Scorer, option
from evalkit.task import Answer, Task, Verdict
from evalkit.workspace import WorkspaceSandbox

from . import statistics, tool_use
from .edits import FORMATS
from .exercises import exercise_from, exercise_of
from .gold import gold
from .partner import Aider
from .protocols import DEFAULT, REFLECTIONS, TOOLS, TRIES, protocol
from .recipe import RECIPE
from .runners import needs_of

LANGUAGES = ("cpp", "go", "java", "javascript", "python", "rust")


@dataclass(frozen=True)
class Options(CommonOptions):
    edit_format: str = option(DEFAULT, "how the model writes its changes", choices=(*FORMATS, TOOLS))
    tries: int = option(
        TRIES, "how often the tests are run; their output starts the next try", within=(1, 10)
    )
    reflections: int = option(
        REFLECTIONS,
        "how often in a try malformed edits and syntax errors are said back to the model",
        within=(0, 10),
    )
    languages: str = option("", f"only these, with commas between: {', '.join(LANGUAGES)}")


class Suite(suite.Suite):
    Options = Options
    required_fields = ("task_id", "files")
    scaffold = "interactive"
    workspaces = True

    def tasks(self, records: Sequence[Mapping[str, Any]]) -> list[Task]:
        wanted = self.languages()
        tasks = map(task_of, records)
        return [task for task in tasks if not wanted or task.tags["language"] in wanted]

    def languages(self) -> tuple[str, ...]:
        """Those that --languages asks for; () is all."""
        wanted = tuple(name.strip().lower() for name in self.options.languages.split(",") if name.strip())
        if unknown := [name for name in wanted if name not in LANGUAGES]:
            raise UsageError(f"--languages: unknown {unknown[0]!r}", f"known: {', '.join(LANGUAGES)}")
        return tuple(sorted(set(wanted)))

    def scope(self, data: Data) -> str:
        return ", ".join(self.languages())

    def doubts(self, tasks: Sequence[Task], data: Data) -> tuple[str, ...]:
        doubts = [] if data.pinned else ["other exercises than the benchmark's, or changed ones"]
        if self.options.edit_format == TOOLS:
            return (
                *doubts,
                "function calls of evalkit's own, no edit format, any number of test runs",
            )
        doubts.append("comparable in scoring, not in prompt: the prompts are evalkit's own words")
        if self.options.tries != TRIES:
            tries = f"{self.options.tries} {'try' if self.options.tries == 1 else 'tries'}"
            doubts.append(f"{tries}, officially {TRIES}")
        if self.options.reflections != REFLECTIONS:
            doubts.append(f"{self.options.reflections} reflections a try, officially {REFLECTIONS}")
        return tuple(doubts)

    def protocol(self) -> Protocol:
        return protocol(self.options.edit_format, self.options.tries)

    def recipe(self) -> Recipe:
        return RECIPE

    # -- a rollout and its verdict -----------------------------------------------------------------
    async def meet(self, task: Task, sandbox: WorkspaceSandbox) -> Encounter:
        from .world import open_world

        exercise, options, image = exercise_of(task), self.options, self.image(task)
        if options.edit_format == TOOLS:
            world = await open_world(exercise, sandbox, image=image, tools=tool_use.TOOLS)
            return Encounter(world, tool_use.ToolUse(exercise), tool_use.BUDGET)
        partner = Aider(exercise, options.edit_format, options.tries, options.reflections)
        return Encounter(await open_world(exercise, sandbox, image=image), partner)

    def scorer(self) -> Scorer:
        return Scorer("aider", "1")

    async def score(self, task: Task, answer: Answer, sandbox: WorkspaceSandbox) -> Verdict:
        from .grading import grade

        verdict: Verdict = await grade(exercise_of(task), answer.text, sandbox, image=self.image(task))
        return verdict

    def statistics(self, samples: Iterable[Sampled]) -> Mapping[str, float | None]:
        if self.options.edit_format == TOOLS:
            return statistics.without_tries(samples)
        return statistics.statistics(samples, self.options.tries)

    def official_sample(self, task: Task, answer: Answer, verdict: Verdict | None) -> dict[str, Any]:
        return {"task_id": task.id, "patch": answer.text if answer.form == "patch" else ""}


def task_of(record: Mapping[str, Any]) -> Task:
    exercise = exercise_from(record)
    unknown = "" if exercise.language in LANGUAGES else f"no way to run tests in {exercise.language} is known"
    return Task(
        exercise.id,
        record,
        gold(exercise),
        tags={"language": exercise.language},
        needs=needs_of(exercise) if not unknown else (),
        unavailable=unknown,
    )
