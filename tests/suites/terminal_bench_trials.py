"""Small tasks of both formats for tests: an image that other tests build too, scripts of a few lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalkit_suites.terminal_bench.trial import Environment, Phase, Solution, Step, Trial

TEST = """\
#!/bin/bash
if grep -qs hello hello.txt; then said=1; else said=0; fi
echo "said $said"
echo $said >/logs/verifier/reward.txt
exit 3
"""
SOLVE = "#!/bin/bash\necho hello >hello.txt\n"
RUN_TESTS = """\
#!/bin/bash
grep -qs hello hello.txt && word=PASSED || word=FAILED
echo "======== short test summary info ========"
echo "$word ../$TEST_DIR/test_outputs.py::test_hello"
"""
ROOT = Phase(timeout_s=30.0, user="root")


def packed(files: Mapping[str, str]) -> dict[str, Any]:
    return {path: {"text": text} for path, text in files.items()}


def harbor(
    test: str = TEST,
    solve: str = SOLVE,
    *,
    files: Mapping[str, str] | None = None,
    agent: Phase = ROOT,
    verifier: Phase = ROOT,
    **environment: Any,
) -> Trial:
    step = Step("", "Say hello.", agent, verifier, solution=Solution("solution", "solution/solve.sh"))
    given = {"tests/test.sh": test, "solution/solve.sh": solve, **(files or {})}
    return Trial(
        "hello", "harbor", packed(given), Environment(**{"workdir": "/app", **environment}), steps=(step,)
    )


def core(
    run_tests: str = RUN_TESTS,
    solution: Solution | None = None,
    *,
    files: Mapping[str, str] | None = None,
    agent: Phase = ROOT,
    limit_s: float = 30.0,
    same_shell: bool = False,
) -> Trial:
    given = {"run-tests.sh": run_tests, "solution.sh": SOLVE, "tests/test_outputs.py": "", **(files or {})}
    step = Step(
        "",
        "Say hello.",
        agent,
        Phase(limit_s, "root"),
        script="/tests/run-tests.sh",
        solution=solution or Solution(script="solution.sh"),
    )
    environment = Environment(workdir="/app", env=(("TEST_DIR", "/tests"),))
    return Trial("hello", "core", packed(given), environment, steps=(step,), same_shell=same_shell)


STEP_TEST = """\
#!/bin/bash
[ -e /tests/of-$1 ] || exit 9
echo "{\\"reward\\": $(cat $1.txt 2>/dev/null || echo 0)}" >/logs/verifier/reward.json
"""


def stepped(reward: Any = "mean", least: tuple[tuple[str, float], ...] = ()) -> Trial:
    """Two steps: "one" writes one.txt, "two" two.txt; a step's reward is the number that stands in its file.
    The tests of each have a file of their own; `two` is set up by a script that needs one.txt."""
    files = {"tests/shared": ""}
    steps = []
    for name in ("one", "two"):
        files[f"steps/{name}/tests/test.sh"] = STEP_TEST.replace("$1", name)
        files[f"steps/{name}/tests/of-{name}"] = ""
        files[f"steps/{name}/solution/solve.sh"] = f"#!/bin/bash\necho 1 >{name}.txt\n"
        steps.append(
            Step(
                name,
                f"Write {name}.txt.",
                ROOT,
                ROOT,
                tests=("tests", f"steps/{name}/tests"),
                solution=Solution(f"steps/{name}/solution", f"steps/{name}/solution/solve.sh"),
                least=least if name == "one" else (),
                workdir="steps/two/workdir" if name == "two" else "",
            )
        )
    files["steps/two/workdir/setup.sh"] = "ls / /tests >seen.txt 2>&1; cat one.txt\n"
    return Trial("stepped", "harbor", packed(files), Environment(workdir="/app"), tuple(steps), reward)
