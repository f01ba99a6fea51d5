"""Both formats of Terminal-Bench's tasks: read from folders, refused by name where they are malformed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from evalkit_suites.terminal_bench.reading import tasks_of, trial_of
from evalkit_suites.terminal_bench.trial import Typed

from evalkit.errors import DataError

MIB = 1 << 20
CORE = {
    "task.yaml": "instruction: Say hello.\ndifficulty: easy\n",
    "Dockerfile": "FROM debian\n",
    "run-tests.sh": "pytest -rA\n",
    "tests/test_outputs.py": "def test(): pass\n",
    "solution.sh": "echo hello\n",
}
HARBOR = {
    "task.toml": 'version = "1.0"\n',
    "instruction.md": "Say hello.\n",
    "environment/Dockerfile": "FROM debian\n",
    "tests/test.sh": "echo 1 > /logs/verifier/reward.txt\n",
    "solution/solve.sh": "echo hello\n",
}
COMPOSE = """\
services:
  client:
    build: {dockerfile: Dockerfile}
    image: ${T_BENCH_TASK_DOCKER_CLIENT_IMAGE_NAME}
    container_name: ${T_BENCH_TASK_DOCKER_CLIENT_CONTAINER_NAME}
    command: [sh, -c, sleep infinity]
    environment: ["TEST_DIR=${T_BENCH_TEST_DIR}", "WHERE=${NOWHERE:-here}", "PAID=$$5", ALONE]
    volumes: ["${T_BENCH_TASK_LOGS_PATH}:${T_BENCH_CONTAINER_LOGS_PATH}"]
"""


def record(files: dict[str, str]) -> dict[str, Any]:
    """A folder of these files, as the checkout gives it."""
    return {"task_id": "hello", "files": {path: {"text": text} for path, text in files.items()}}


def core(yaml: str = "") -> dict[str, Any]:
    return record({**CORE, "task.yaml": CORE["task.yaml"] + yaml})


def harbor(toml: str = "") -> dict[str, Any]:
    return record({**HARBOR, "task.toml": HARBOR["task.toml"] + toml})


# -- core ------------------------------------------------------------------------------------------


def test_a_core_task_that_says_no_more_than_it_must() -> None:
    trial = trial_of(core())
    step = trial.steps[0]
    assert (trial.id, trial.format, trial.instruction, trial.difficulty) == (
        "hello",
        "core",
        "Say hello.",
        "easy",
    )
    assert (step.agent.timeout_s, step.verifier.timeout_s, step.verifier.user) == (360.0, 60.0, "root")
    assert (trial.parser, trial.same_shell, trial.category) == ("pytest", False, "software_engineering")
    assert step.script == "/tests/run-tests.sh"
    assert step.solution
    assert step.solution.script == "solution.sh"
    assert dict(trial.environment.env) == {"TEST_DIR": "/tests"}
    assert (trial.environment.dockerfile, trial.environment.context) == ("Dockerfile", "")


def test_all_that_a_core_task_can_say() -> None:
    said = """\
category: games
tags: [a, b]
parser_name: swebench
max_agent_timeout_sec: 1800
max_test_timeout_sec: "90.5"
run_tests_in_same_shell: true
disable_asciinema: true
estimated_duration_sec: 5
something_new: [1, 2]
"""
    trial = trial_of(core(said))
    assert (trial.category, trial.tags, trial.parser, trial.same_shell) == (
        "games",
        ("a", "b"),
        "swebench",
        True,
    )
    assert trial.steps[0].agent.timeout_s == 1800.0
    assert trial.steps[0].verifier.timeout_s == 90.5


def test_a_solution_that_is_typed() -> None:
    typed = "- {command: vim x, block: false, min_timeout_sec: 0.5}\n- {command: C-x, append_enter: false, block: true}\n"
    trial = trial_of(record({**CORE, "solution.yaml": typed, "solution.sh": ""}))
    assert trial.steps[0].solution
    assert trial.steps[0].solution.script == "solution.sh"  # it comes first, as officially
    files = {path: text for path, text in CORE.items() if path != "solution.sh"}
    solution = trial_of(record({**files, "solution.yaml": typed})).steps[0].solution
    assert solution
    assert solution.typed == (
        Typed("vim x", 0.5, 180.0, block=False, enter=True),
        Typed("C-x", 0.0, 180.0, block=True, enter=False),
    )
    assert tasks_of(record(files))[0].gold is None


def test_a_compose_file_of_one_service_is_not_needed() -> None:
    trial = trial_of(record({**CORE, "docker-compose.yaml": COMPOSE}))
    assert trial.environment.compose == ""
    assert trial.environment.services == ()
    assert dict(trial.environment.env) == {"TEST_DIR": "/tests", "WHERE": "here", "PAID": "$5"}
    assert trial.environment.needs == ()


def test_a_compose_file_of_several_services() -> None:
    more = COMPOSE.replace("  client:", "  web:\n    image: nginx\n  client:").replace(
        "build: {dockerfile: Dockerfile}", "build: {context: box, dockerfile: Dockerfile.box}"
    )
    files = {**CORE, "docker-compose.yaml": more, "box/Dockerfile.box": "FROM debian"}
    environment = trial_of(record(files)).environment
    assert (environment.compose, environment.service, environment.services) == (
        "docker-compose.yaml",
        "client",
        ("web",),
    )
    assert (environment.context, environment.dockerfile) == ("box", "box/Dockerfile.box")
    assert tasks_of(record(files))[0].needs == ("compose",)


@pytest.mark.parametrize(
    "line", ["privileged: true", "dns: [192.0.2.1]", "network_mode: host", "volumes: [/:/host]"]
)
def test_what_no_workspace_gives_makes_a_task_unavailable(line: str) -> None:
    compose = "\n".join(each for each in COMPOSE.splitlines() if "volumes" not in each) + f"\n    {line}\n"
    task = tasks_of(record({**CORE, "docker-compose.yaml": compose}))[0]
    assert task.unavailable.startswith("needs ")
    assert "client" in task.unavailable


def test_tasks_of_may_2025_are_one_for_each_description() -> None:
    yaml = "descriptions:\n- {key: base, description: Do it.}\n- {key: hard, description: Do.}\ndifficulty: hard\n"
    tasks = tasks_of(record({**CORE, "task.yaml": yaml}))
    assert [(task.id, trial_of(task.data).instruction) for task in tasks] == [
        ("hello", "Do it."),
        ("hello.hard", "Do."),
    ]


# -- harbor ----------------------------------------------------------------------------------------


def test_a_harbor_task_that_says_no_more_than_it_must() -> None:
    trial = trial_of(harbor())
    step = trial.steps[0]
    assert (trial.format, trial.schema, trial.instruction) == ("harbor", "1.0", "Say hello.\n")
    assert (step.agent.timeout_s, step.verifier.timeout_s) == (None, 600.0)
    assert (step.agent.network, step.verifier.network) == ("public", "public")
    assert (step.tests, step.script) == (("tests",), "/tests/test.sh")
    environment = trial.environment
    assert (environment.cpus, environment.memory_bytes, environment.build_timeout_s) == (None, None, 600.0)
    assert trial_of(record({**HARBOR, "task.toml": ""})).schema == "1.4"


def test_all_that_a_harbor_task_can_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OF_THE_HOST", "seen")
    trial = trial_of(
        harbor("""
[task]
name = "org/hello"
keywords = ["k"]
[metadata]
difficulty = "hard"
category = "games"
tags = ["a"]
evalkit_state = "live"
[agent]
timeout_sec = 900
user = 1000
[verifier]
timeout_sec = 30.0
user = "root"
network_mode = "allowlist"
allowed_hosts = ["PyPI.org", "*.example.com", "10.0.0.0/8"]
[verifier.env]
A = "${OF_THE_HOST}"
B = "${NOT_THERE:-else}"
[environment]
build_timeout_sec = 60
docker_image = "someone/hello:1"
cpus = 2
memory = "2G"
storage = "10G"
allow_internet = false
workdir = "/app"
[environment.env]
C = "plain ${OF_THE_HOST}"
[environment.healthcheck]
command = "true"
retries = 5
[solution.env]
D = "d"
""")
    )
    step, environment = trial.steps[0], trial.environment
    assert (trial.name, trial.difficulty, trial.category, trial.tags, trial.state) == (
        "org/hello",
        "hard",
        "games",
        ("a", "k"),
        "live",
    )
    assert (step.agent.timeout_s, step.agent.user, step.agent.network) == (900.0, "1000", "no-network")
    assert (step.verifier.user, step.verifier.network) == ("root", "allowlist")
    assert step.verifier.hosts == ("pypi.org", "*.example.com", "10.0.0.0/8")
    assert dict(step.verifier.env) == {"A": "seen", "B": "else"}
    assert (environment.image, environment.cpus, environment.workdir) == ("someone/hello:1", 2.0, "/app")
    assert (environment.memory_bytes, environment.storage_bytes) == (2048 * MIB, 10240 * MIB)
    assert dict(environment.env) == {"C": "plain ${OF_THE_HOST}"}  # only a whole value is the host's
    assert environment.healthcheck
    assert (environment.healthcheck.retries, environment.healthcheck.interval_s) == (5, 5.0)
    assert step.solution
    assert dict(step.solution.env) == {"D": "d"}


def test_steps_say_what_is_theirs_and_have_the_rest_of_the_task() -> None:
    files = {
        "task.toml": """
schema_version = "1.3"
multi_step_reward_strategy = "final"
[agent]
timeout_sec = 100
[verifier]
env = {A = "1"}
[[steps]]
name = "one"
min_reward = 0.5
[[steps]]
name = "two"
min_reward = {speed = 1, size = 0}
[steps.agent]
timeout_sec = 7
[steps.verifier]
env = {B = "2"}
[steps.healthcheck]
command = "curl -f localhost"
""",
        "environment/Dockerfile": "FROM debian",
        "tests/test.sh": "",
        "solution/solve.sh": "",
        "steps/one/instruction.md": "<!-- a canary -->\n\nFirst.",
        "steps/two/instruction.md": "Then.",
        "steps/two/tests/test.sh": "",
        "steps/two/solution/solve.sh": "",
        "steps/two/workdir/setup.sh": "",
    }
    trial = trial_of(record(files))
    one, two = trial.steps
    assert (trial.reward, trial.instruction) == ("final", "First.")
    assert (one.tests, two.tests) == (("tests",), ("tests", "steps/two/tests"))
    assert (one.agent.timeout_s, two.agent.timeout_s, two.verifier.timeout_s) == (100.0, 7.0, 600.0)
    assert dict(two.verifier.env) == {"A": "1", "B": "2"}
    assert (one.least, two.least) == ((("reward", 0.5),), (("speed", 1.0), ("size", 0.0)))
    assert (one.workdir, two.workdir) == ("", "steps/two/workdir")
    assert one.solution
    assert two.solution
    assert (one.solution.script, two.solution.script) == ("solution/solve.sh", "steps/two/solution/solve.sh")
    assert two.healthcheck
    assert one.healthcheck is None


@pytest.mark.parametrize(
    ("toml", "what"),
    [
        ("[environment]\ngpus = 1\n", "a GPU"),
        ('[environment]\nos = "Windows"\n', "Windows"),
        ('[environment]\ntpu = {type = "v4", topology = "2x2"}\n', "a TPU"),
        ('[verifier]\nenvironment_mode = "separate"\n', "a verifier in a container of its own"),
        ("[verifier.environment]\ncpus = 1\n", "a verifier in a container of its own"),
        ('[[environment.mcp_servers]]\nname = "x"\nurl = "http://x"\n', "MCP servers"),
        ('[solution.env]\nKEY = "${EVALKIT_NOT_SET}"\n', "EVALKIT_NOT_SET in the host's environment"),
    ],
)
def test_what_cannot_be_had_here_is_told(toml: str, what: str) -> None:
    assert "EVALKIT_NOT_SET" not in os.environ
    assert tasks_of(harbor(toml))[0].unavailable == f"needs {what}"


# -- malformed -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            core("max_agent_timeout_sec: soon\n"),
            "hello: task.yaml: max_agent_timeout_sec is no number: 'soon'",
        ),
        (core("max_test_timeout_sec: 0\n"), "max_test_timeout_sec is no time"),
        (core("max_test_timeout_sec: .nan\n"), "max_test_timeout_sec is no number"),
        (core("parser_name: jest\n"), "parser_name cannot be 'jest'"),
        (core("tags: games\n"), "tags is no list of texts"),
        (core("run_tests_in_same_shell: 3\n"), "run_tests_in_same_shell is neither true nor false"),
        (core("x: [\n"), "hello: cannot read task.yaml"),
        (core("x: !!python/object/apply:os.system [true]\n"), "cannot read task.yaml"),
        (record({**CORE, "task.yaml": "difficulty: easy\n"}), "instruction is missing"),
        (record({**CORE, "task.yaml": "instruction: 5\ndifficulty: easy\n"}), "instruction is no text: 5"),
        (record({**CORE, "task.yaml": "instruction: x\n"}), "difficulty is missing"),
        (record({**CORE, "task.yaml": "- x\n"}), "no table of fields"),
        (
            record(
                {**CORE, "task.yaml": "descriptions: [{key: a, description: b}, {key: a}]\ndifficulty: easy"}
            ),
            "descriptions",
        ),
        (record({k: v for k, v in CORE.items() if k != "run-tests.sh"}), "hello: no run-tests.sh"),
        (
            record({k: v for k, v in CORE.items() if k != "Dockerfile"}),
            "neither docker-compose.yaml nor Dockerfile",
        ),
        (
            record({**CORE, "docker-compose.yaml": "services: [a]"}),
            "docker-compose.yaml: services is no table",
        ),
        (record({**CORE, "docker-compose.yaml": "services: {a: {image: b}}"}), "no service has the client's"),
        (
            record({**CORE, "docker-compose.yaml": "services: {client: {build: ../..}}"}),
            "lies outside the task's folder",
        ),
        (
            record({**CORE, "docker-compose.yaml": "services: {client: {build: box}}"}),
            "box/Dockerfile, which is missing",
        ),
        (record({**CORE, "task.toml": ""}), "hello: both task.toml and task.yaml"),
        (record({"README": ""}), "hello: neither task.toml nor task.yaml"),
        (harbor("[agent]\ntimeout_sec = 'x'\n"), "hello: task.toml: agent.timeout_sec is no number: 'x'"),
        (harbor("[agent]\nuser = []\n"), "agent.user is no user"),
        (harbor("[environment]\nmemory = '2 GB'\n"), "environment.memory is no size"),
        (harbor("[environment]\nmemory = '2G'\nmemory_mb = 5\n"), "environment.memory says 2048 MB"),
        (harbor("[environment]\nnetwork_mode = 'some'\n"), "environment.network_mode cannot be 'some'"),
        (harbor("[environment]\nallowed_hosts = ['a']\n"), "environment.allowed_hosts needs network_mode"),
        (
            harbor("[environment]\nnetwork_mode = 'allowlist'\nallowed_hosts = ['http://a']\n"),
            "holds no host",
        ),
        (harbor("[environment]\nos = 'beos'\n"), "environment.os is neither"),
        (harbor("[environment.env]\nA = 1\n"), "environment.env.A is no text: 1"),
        (harbor("[environment.healthcheck]\nretries = 1\n"), "environment.healthcheck.command is missing"),
        (harbor("[environment.healthcheck]\ncommand='a'\nretries = 1.5\n"), "retries is no whole number"),
        (harbor("[task]\nname = 'hello'\n"), "task.name is not of the form org/name"),
        (
            harbor("[verifier]\nenvironment_mode = 'shared'\n[verifier.environment]\n"),
            "verifier.environment cannot be",
        ),
        (harbor("multi_step_reward_strategy = 'best'\n"), "multi_step_reward_strategy cannot be 'best'"),
        (harbor("[[steps]]\nname = '../x'\n"), "steps[0].name is no name of a folder"),
        (harbor("[[steps]]\nname = 'A'\n[[steps]]\nname = 'a'\n"), "steps have the same name twice"),
        (harbor("[[steps]]\nname = 'a'\n"), "hello: no steps/a/instruction.md"),
        (harbor("["), "cannot read task.toml"),
        (record({k: v for k, v in HARBOR.items() if k != "tests/test.sh"}), "hello: no tests/test.sh"),
        (record({k: v for k, v in HARBOR.items() if k != "instruction.md"}), "hello: no instruction.md"),
        (
            record({k: v for k, v in HARBOR.items() if "Dockerfile" not in k}),
            "neither environment/Dockerfile nor",
        ),
    ],
)
def test_a_malformed_task_is_refused_by_name(files: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError) as told:
        tasks_of(files)
    assert said in str(told.value)
    assert str(told.value).startswith("hello: ")


def test_bytes_that_are_no_text_are_refused() -> None:
    files = record(CORE)
    files["files"]["task.yaml"] = {"base64": "/w=="}
    with pytest.raises(DataError, match=r"task\.yaml is no UTF-8 text"):
        tasks_of(files)


# -- real ones -------------------------------------------------------------------------------------


def test_the_twelve_of_the_data_are_read(data_dir: Path) -> None:
    """Limits and solutions as their files say them."""
    from evalkit.data import load_data
    from evalkit.registry import open_suite

    place = data_dir / "terminal-bench"
    if not place.is_dir():
        pytest.skip("EVALKIT_DATA holds no terminal-bench")
    cores = open_suite("terminal-bench").tasks(load_data(open_suite("terminal-bench"), place).records)
    two = open_suite("terminal-bench", {"dataset": "2.0"})
    harbors = two.tasks(load_data(two, place).records)
    assert [len(cores), len(harbors)] == [6, 6]
    assert all(task.gold and not task.unavailable for task in [*cores, *harbors])
    by_id = {task.id: trial_of(task.data) for task in harbors}
    assert by_id["git-leak-recovery"].steps[0].agent.timeout_s == 900.0
    assert by_id["git-leak-recovery"].environment.memory_bytes == 2048 * MIB
    typed = {task.id: trial_of(task.data) for task in cores}["fix-permissions"].steps[0].solution
    assert typed
    assert [line.keys for line in typed.typed] == [
        "ls -l process_data.sh",
        "chmod +x process_data.sh",
        "./process_data.sh",
    ]
