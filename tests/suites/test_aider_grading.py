"""What a strict run takes, expects and believes; and that real references pass it, where they are at hand."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from evalkit_suites.aider_polyglot import runners
from evalkit_suites.aider_polyglot.exercises import Exercise
from evalkit_suites.aider_polyglot.grading import grade, official
from evalkit_suites.aider_polyglot.names import READERS, expected
from evalkit_suites.aider_polyglot.recipe import RECIPE
from evalkit_suites.aider_polyglot.reports import said
from evalkit_suites.aider_polyglot.strict import compare
from evalkit_suites.aider_polyglot.taken import taken
from evalkit_suites.aider_polyglot.traps import set_traps
from evalkit_suites.aider_polyglot.world import work_of

from evalkit.patch import apply_patch
from evalkit.witness import Traps
from evalkit.workspace import File, Tree
from tests.suites.aider import checkout
from tests.suites.aider_grading import Grader, exercises, grader, running, solved  # noqa: F401

REAL = (
    "cpp/clock",
    "cpp/yacht",
    "go/bowling",
    "go/alphametics",
    "java/bowling",
    "java/satellite",
    "javascript/bowling",
    "javascript/space-age",
    "python/bowling",
    "python/affine-cipher",
    "rust/grep",
    "rust/say",
)


def with_files(exercise: Exercise, **files: str) -> Tree:
    return Tree({**exercise.start.files, **{path: File(text.encode()) for path, text in files.items()}})


@pytest.mark.parametrize(
    ("name", "more"),
    [
        (
            "python/parking-meter",
            {"conftest.py": 0, "json.py": 0, "x.pth": 0, "coins.py": 1, "more_test.py": 0},
        ),
        ("rust/knot-count", {"build.rs": 0, ".cargo/config.toml": 0, "src/knots.rs": 1, "tests/x.rs": 0}),
        ("go/lift-stops", {"go.work": 0, "x_test.go": 0, "cases_test.go": 0, "queue.go": 1}),
        ("javascript/seat-plan", {"jest.config.js": 0, ".babelrc": 0, "package.json": 0, "rows.js": 1}),
        ("cpp/bead-string", {"CMakeLists.txt": 0, "test/catch.hpp": 0, "loop.h": 1, "build/Makefile": 0}),
        ("java/coin-pouch", {"build.gradle": 0, "src/test/java/X.java": 0, "src/main/java/Coin.java": 1}),
    ],
)
def test_takes_what_solves_and_nothing_that_steers(name: str, more: dict[str, int]) -> None:
    exercise = exercises()[name]
    solution = exercise.editable[0]
    files, left = taken(exercise, with_files(exercise, **dict.fromkeys([solution, *more], "?")))
    assert files[solution].data == b"?"
    assert {path for path, file in files.items() if file.data == b"?"} == {
        solution,
        *(path for path, takes in more.items() if takes),
    }
    assert set(left) == {path for path, takes in more.items() if not takes}


def test_takes_crates_by_version_only() -> None:
    exercise = exercises()["rust/knot-count"]
    manifest = exercise.start.files["Cargo.toml"].data.decode()
    for more, takes in [
        ('\n[dependencies]\nrand = "0.8"\n', True),
        ('\n[dependencies]\nrand = { path = "x" }\n', False),
        ("\n[lib]\ntest = false\n", False),
    ]:
        _, left = taken(exercise, with_files(exercise, **{"Cargo.toml": manifest + more}))
        assert (left == ()) is takes


def test_what_is_deleted_is_missed_only_if_it_was_to_be_edited() -> None:
    exercise = exercises()["python/parking-meter"]
    files, left = taken(exercise, Tree({}))
    assert "parking_meter.py" not in files
    assert "parking_meter_test.py" in files
    assert "parking_meter_test.py" in left


def test_names_are_those_that_are_run() -> None:
    for exercise in exercises().values():
        trapped, traps = set_traps(exercise, runners.tests_ready(exercise))
        assert expected(exercise)
        assert len(traps.passing) == 1
        assert len(traps.failing) == 3
        found = {name for path, file in trapped.items() for name in read(exercise, path, file)}
        assert found >= traps.names
    assert READERS["go"]("//go:build bonus\n\npackage x\n\nfunc TestA(t *testing.T) {}\n", "a_test.go") == []
    step = "//go:build step2 || (!step1 && !step3)\n\nfunc TestA(t *testing.T) {}\n"
    assert READERS["go"](step, "a_test.go") == ["TestA"]
    off = '#[cfg(feature = "more")]\n#[test]\nfn off() {}\n\nmod inner {\n    #[test]\n    fn on() {}\n}\n'
    off += '#[cfg(feature = "more")]\nmod more {\n    #[test]\n    fn off() {}\n}\n'
    assert READERS["rust"](off, "tests/x.rs") == ["inner::on"]
    jest = "describe('a', () => {\n  test('it\\'s', f);\n  xit('no', f);\n  test.skip('no', f);\n});\n"
    assert READERS["javascript"](jest, "a.spec.js") == ["it's"]
    cpp = (
        'TEST_CASE("on") {}\n#if defined(EXERCISM_X)\nTEST_CASE("off") {}\n#endif\nTEST_CASE("a"\n "b") {}\n'
    )
    assert READERS["cpp"](cpp, "x_test.cpp") == ["on", "ab"]
    java = 'class T {\n  @Disabled("x")\n  @Test void off() {}\n  @Test\n  public void on() {}\n}\n'
    assert READERS["java"](java, "src/test/java/T.java") == ["T.on"]


def read(exercise: Exercise, path: str, file: File) -> list[str]:
    found: list[str] = READERS[exercise.language](file.data.decode(), path)
    return found


TRAPS = Traps(("good",), ("bad",))
ORDERLY = [("bad", "failed"), ("good", "passed")]


@pytest.mark.parametrize(
    ("reported", "passes"),
    [
        ([("a", "passed"), ("b", "passed"), *ORDERLY], True),
        ([("a", "passed"), *ORDERLY], False),  # b is unreported
        ([("a", "passed"), ("b", "skipped"), *ORDERLY], False),
        ([("a", "passed"), ("b", "passed"), ("b", "failed"), *ORDERLY], False),  # said before it ran
        ([("a", "passed"), ("b", "passed"), ("bad", "passed"), ("good", "passed")], False),
        ([("a", "passed"), ("b", "passed"), ("bad", "failed"), ("bad", "passed"), ("good", "passed")], False),
        ([("a", "passed"), ("b", "passed")], False),  # ended before our own
        ([], False),
    ],
)
def test_believes_only_orderly_reports(reported: list[tuple[str, str]], passes: bool) -> None:
    _, faults, orderly = compare(reported, TRAPS, Counter("ab"), 1)
    assert (not faults) is passes
    assert orderly or not passes


def test_nothing_is_proven_without_tests() -> None:
    assert compare([], Traps(), Counter(), 0)[1] == ("there is no test that could prove anything",)


def test_hostile_lines_are_no_reports() -> None:
    assert said("lines", ["[" * 9999, "null", '{"name": []}', '{"name": 1, "status": 2}', "x"]) == []
    assert said("go", ["--- PASS: TestA (0.00s)", "\x16--- PASS: TestB (0.00s)"]) == [("TestB", "passed")]
    assert said("libtest", ["ok a::b", "failed c - should panic", "?"]) == [
        ("a::b", "passed"),
        ("c", "failed"),
    ]
    case = '<TestCase name="a &amp; b" tags="x">'
    assert said("catch", [case, ' <OverallResult success="true"/>', '<OverallResult success="true"/>']) == [
        ("a & b", "passed")
    ]


def test_work_is_without_what_tests_make() -> None:
    exercise = exercises()["javascript/seat-plan"]
    made = {"node_modules": File(link="/opt/js/node_modules"), "notes.txt": File(b"!")}
    tree = Tree({**exercise.start.files, **runners.tests_ready(exercise), **made})
    work = work_of(exercise, tree, frozenset())
    assert work.files == {**exercise.start.files, "notes.txt": File(b"!")}
    rust = exercises()["rust/knot-count"]
    tree = Tree({**rust.start.files, "target/debug/x": File(), "Cargo.lock": File()})
    assert work_of(rust, tree, frozenset()).files == rust.start.files
    assert set(work_of(rust, tree, frozenset({"Cargo.lock"})).files) == {*rust.start.files, "Cargo.lock"}
    edited = replace(tree, files={**rust.start.files, "tests/knot_count.rs": File(b"?")})
    assert work_of(rust, edited, frozenset()).files["tests/knot_count.rs"] == File(b"?")


@pytest.mark.full
@pytest.mark.docker
@pytest.mark.parametrize("name", REAL)
def test_real_reference_passes_and_stub_fails(name: str, grader: Grader) -> None:  # noqa: F811
    exercise = exercises(checkout())[name]
    passes, fails = grader(exercise, solved(exercise)), grader(exercise, "")
    assert passes.strict
    assert passes.strict.outcome == passes.outcome == "passed", passes
    assert {test.name for test in passes.tests} >= set(expected(exercise))
    assert fails.strict
    assert fails.strict.outcome == fails.outcome == "failed", fails


@pytest.mark.full
@pytest.mark.docker
@pytest.mark.parametrize("name", sorted(exercises()))
def test_one_run_says_what_the_official_command_says(name: str) -> None:
    exercise = exercises()[name]
    with running() as (runner, sandbox):
        for patch in (solved(exercise), ""):
            work = apply_patch(exercise.start, patch)
            verdict = runner.run(grade(exercise, patch, sandbox, image=RECIPE.name))
            tested = runner.run(official(exercise, work, sandbox, RECIPE.name))
            assert tested.passed is (verdict.outcome == "passed"), tested.text
            assert tested.passed is bool(patch)
