"""The world of an exercise, in a workspace: files, lint, tests, and the patch that it ends with."""

from __future__ import annotations

import json
from typing import Any

import pytest
from evalkit_suites.aider_polyglot.recipe import RECIPE
from evalkit_suites.aider_polyglot.world import TOOLS, open_world

from evalkit.interaction import Observation
from evalkit.model import ToolCall
from evalkit.patch import apply_patch
from tests.suites.aider_grading import exercises, running

BROKEN = {
    "a.py": "def f(:\n    pass\n",
    "undefined.py": "def f():\n    return nobody\n",
    "b.rs": "fn f( {\n",
    "c.go": "package x\n\nfunc f( {\n",
    "d.js": "function f( {\n",
    "e.cpp": "int f( {\n",
    "F.java": "class F { void f( { }\n",
}


@pytest.mark.docker
def test_files_lint_tests_and_the_patch_at_the_end() -> None:
    exercise = exercises()["python/parking-meter"]
    solution = exercise.reference["parking_meter.py"].data.decode()
    with running() as (runner, sandbox):
        world = runner.run(open_world(exercise, sandbox, image=RECIPE.name, tools=tuple(TOOLS)))

        def act(name: str, **arguments: Any) -> Observation:
            seen: Observation = runner.run(world.act(ToolCall("", name, json.dumps(arguments))))
            return seen

        read = act("read", paths=["parking_meter.py", "missing.py", "../../etc/passwd"]).data["files"]
        assert read["parking_meter.py"].startswith("class Meter")
        assert (read["missing.py"], read["../../etc/passwd"]) == (None, None)

        failing = act("test", **{"try": 1})
        assert failing.data == {"passed": False, "status": 1, "timed_out": False}
        assert failing.clock == "verification"
        assert "9 failed" in failing.text
        assert "/work/" not in failing.text

        written = act("write", files={**BROKEN, "/etc/x": "", "../x": "", "parking_meter.py": solution}).data
        assert set(written["written"]) == {*BROKEN, "parking_meter.py"}
        assert set(written["refused"]) == {"/etc/x", "../x"}
        errors = act("lint", paths=[*BROKEN, "parking_meter.py"]).data["errors"]
        assert set(errors) == set(BROKEN)
        assert "nobody" in errors["undefined.py"]

        assert act("test", **{"try": 2}).data["passed"] is True
        assert act("write_file", path="parking_meter_test.py", text="").text == "Written."
        assert "parking_meter_test.py" in act("list_files").text
        assert "cannot use" in act("write_file", path="x").text
        answer = runner.run(world.answer())
        runner.run(world.close())
    work = apply_patch(exercise.start, answer.text).files
    assert work.keys() == {*exercise.start.files, *BROKEN}
    assert work["parking_meter.py"].data.decode() == solution
    assert work["parking_meter_test.py"].data == b""
