"""How each language's tests are run: the official command, and the steps that the strict verdict is made of.

Descriptions, not classes. All are shell scripts that run in the exercise's folder, which is called like the
exercise (C++ takes its target's name from it). Source of the official commands and their limit:
benchmark/benchmark.py, npm-test.sh and cpp-test.sh of Aider-AI/aider, read 2025-11.

The official script does what the benchmark's own does, with its exit code. Java cannot: Gradle fetches itself
and its plug-ins from the network. Its place is taken by javac and JUnit's console launcher over the class
path, which pass where Gradle passes: all compiles, and all tests that it finds pass.

The strict steps are told apart by who takes them: `build` is run by root, which owns all files, and executes
nothing of the answer's; `run` executes its tests, as a user who can change none of them. $GRADE is the
grader's folder, $REPORT where reporters write.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from evalkit.workspace import File

from .exercises import Exercise

LIMIT_S = 180.0  # of a whole test run, compiling included

JUNIT = "/opt/junit/*"
GO_CACHE = "/home/work/.cache/go-build"

FAILING = (
    3  # of our own tests in each test file, that must fail in a strict run: Catch's exit code is their number
)

Format = Literal["lines", "libtest", "catch", "go"]


@dataclass(frozen=True)
class Runner:
    """One language. `products`: names that a test run makes in the folder, as fnmatch patterns of a path's
    first or last part. `undisable`: what is taken out of test files (pattern, replacement) before they run.
    `needs` of single exercises, beside the language: words of the image's recipe."""

    official: str
    run: str
    report: Format
    red: int  # its exit code where tests failed, and nothing else went wrong
    build: str = ""
    products: tuple[str, ...] = ()
    undisable: tuple[str, str] | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


_COMPILE_JAVA = """
rm -rf build && mkdir -p build/classes/java/main build/classes/java/test
find src/main/java -name '*.java' -print > build/main.txt
javac -J-XX:TieredStopAtLevel=1 -encoding UTF-8 -proc:none -cp '{junit}' \\
    -d build/classes/java/main @build/main.txt
for resources in src/main/resources src/test/resources; do
    [ ! -d $resources ] || cp -r $resources/. build/classes/java/test
done
find src/test/java{more} -name '*.java' -print > build/test.txt
javac -J-XX:TieredStopAtLevel=1 -encoding UTF-8 -proc:none -cp '{junit}:build/classes/java/main' \\
    -d build/classes/java/test @build/test.txt
"""
_RUN_JAVA = (
    "java -cp '{junit}:build/classes/java/test{more}:build/classes/java/main' "  # as Gradle: tests come first
    "org.junit.platform.console.ConsoleLauncher --disable-banner --disable-ansi-colors "
    "--details=tree --details-theme=ascii --scan-classpath build/classes/java/test"
)

RUNNERS: dict[str, Runner] = {
    "python": Runner(
        official="pytest",
        run='PYTHONPATH="$GRADE" exec pytest -p evalkit_report -p no:cacheprovider',
        report="lines",
        red=1,
        products=("__pycache__", ".pytest_cache"),
        env={"PYTHONDONTWRITEBYTECODE": "1"},
    ),
    "rust": Runner(
        official="cargo test -- --include-ignored",
        build="""
cargo test --no-run > "$GRADE/build.txt" 2>&1 || { cat "$GRADE/build.txt"; exit 1; }
sed -n 's/^ *Executable tests.*(\\(.*\\))$/\\1/p' "$GRADE/build.txt" > "$GRADE/binaries"
chmod 644 "$GRADE/binaries"
""",
        run="""
export CARGO_MANIFEST_DIR="$PWD"
status=0
while read -r binary; do
    "./$binary" --include-ignored --logfile "$REPORT" < /dev/null || status=101
done < "$GRADE/binaries"
exit $status
""",
        report="libtest",
        red=101,
        products=("target", "Cargo.lock"),
        env={"CARGO_NET_OFFLINE": "true", "CARGO_TERM_COLOR": "never"},
        needs={
            "gigasecond": ("rust:crates",),
            "grep": ("rust:crates",),
            "simple-cipher": ("rust:crates",),
        },
    ),
    "go": Runner(
        official="go test ./...",
        build='go test -c -o "$GRADE/go.test" .',  # go vet's checks are part of it, as officially
        run='exec "$GRADE/go.test" -test.v=test2json -test.paniconexit0 -test.timeout=10m',
        report="go",
        red=1,
        env={"GOPROXY": "off", "GOCACHE": GO_CACHE, "GOTOOLCHAIN": "local", "GOFLAGS": "-buildvcs=false"},
    ),
    "javascript": Runner(
        official="""
[ -e node_modules ] || ln -s /opt/js/node_modules .
sed -i 's/\\bxtest(/test(/g' *.spec.js
npm run test
""",
        build="ln -s /opt/js/node_modules .",
        run='exec node node_modules/jest/bin/jest.js ./* --reporters="$GRADE/reporter.js"',
        report="lines",
        red=1,
        products=("node_modules",),
        undisable=(r"\bxtest\(", "test("),
        env={"NO_UPDATE_NOTIFIER": "1", "npm_config_update_notifier": "false", "CI": "true"},
    ),
    "cpp": Runner(
        official="""
[ -d build ] || mkdir build
cd build
cmake -DEXERCISM_RUN_ALL_TESTS=1 -G "Unix Makefiles" ..
make
""",
        build="""
mkdir build
cd build
cmake -DEXERCISM_RUN_ALL_TESTS=1 -G "Unix Makefiles" ..
make "$EXERCISE"
""",
        run='cd build && exec "./$EXERCISE" --reporter xml --out "$REPORT"',
        report="catch",
        red=FAILING,
        products=("build",),
        needs={"gigasecond": ("cpp:boost",), "meetup": ("cpp:boost",)},
    ),
    "java": Runner(
        official=_COMPILE_JAVA.format(junit=JUNIT, more="") + _RUN_JAVA.format(junit=JUNIT, more=""),
        build=_COMPILE_JAVA.format(junit=JUNIT, more=' "$GRADE/java"'),
        run="exec " + _RUN_JAVA.format(junit=JUNIT, more=":$GRADE/java").replace("'", '"'),
        report="lines",
        red=1,
        products=("build", ".gradle"),
        undisable=(r"@Disabled\([^)]*\)\s*\n", ""),
        needs={
            "hangman": ("java:rxjava",),
            "rest-api": ("java:json",),
            "mazy-mice": ("java:assertj3.25",),
        },
    ),
}


def needs_of(exercise: Exercise) -> tuple[str, ...]:
    """What the image must hold for the exercise's tests to run (Task.needs)."""
    return (exercise.language, *RUNNERS[exercise.language].needs.get(exercise.name, ()))


def folder_of(exercise: Exercise) -> str:
    """Where its files lie in a workspace."""
    return f"/work/{exercise.name}"


def tests_ready(exercise: Exercise) -> dict[str, File]:
    """The test files as they were, with none of their tests switched off: how they are put back."""
    undisable = RUNNERS[exercise.language].undisable
    return {
        path: ready(exercise.start.files[path], undisable)
        for path in exercise.tests
        if path in exercise.start.files
    }


def ready(file: File, undisable: tuple[str, str] | None) -> File:
    if undisable is None or file.link is not None:
        return file
    text = file.data.decode("utf-8", "surrogateescape")
    text = re.sub(undisable[0], undisable[1], text)
    return File(text.encode("utf-8", "surrogateescape"), file.executable)


def cleaned(output: str, exercise: Exercise) -> str:
    """Test output as it is shown: without times that differ from run to run, the folder by its name alone."""
    output = re.sub(r"\bin \d+\.\d+s\b", "", output)
    return output.replace(folder_of(exercise), exercise.name)
