"""How the image of a task is built: its Dockerfile, what stands for the bases that it names, verifier tools.

Test scripts install what they need when they run: curl by apt, uv by its installer, pytest by uv. Here all of
it is in the image before, where the script looks for it, so that scripts as they are pass without a network.
docs/terminal-bench.md
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from evalkit.checkout import unpacked
from evalkit.recipe import Context, Part, Recipe

from . import beside
from .trial import Trial
from .wanted import Wanted, wanted

UV = "0.9.5"
PYTHON = "3.13"
CORE_BUILD_S = 3600.0  # the core harness has no limit of its own
FOLDER = "/opt/evalkit"
WHEELS = f"{FOLDER}/wheels"
VERIFIER_PYTHON = f"{FOLDER}/python"
# where uv looks for the Pythons that it has fetched
MANAGED = "/root/.local/share/uv/python/cpython-{release}-linux-x86_64-gnu"
PYTEST = ("pytest==8.4.1", "pytest-json-ctrf==0.3.5")

# -- bases -------------------------------------------------------------------------------------------
_TERMINAL = Part(
    "terminal",
    gives=(),
    debs=("tmux", "asciinema"),
    make=("mkdir -p /usr/share/man/man1 /usr/share/man/man8",),
)
_COMPILING = Part("compiling", gives=(), debs=("build-essential", "git", "curl", "wget"))


def _system(name: str, below: Recipe | None = None, *parts: Part, python: str = "", root: str = "") -> Recipe:
    return Recipe(name, parts, (), (), (), system=True, python=python, root=root, below=below)


DEBIAN = _system("terminal-bench-debian")
PYTHONS = {
    version: _system(f"terminal-bench-python-{version}", DEBIAN, python=version)
    for version in ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13")
}
BASES = (
    ("*/t-bench/ubuntu-24-04:*", _system("terminal-bench-t-ubuntu", DEBIAN, _TERMINAL, root="/app")),
    ("*/t-bench/python-3-13:*", _system("terminal-bench-t-python", PYTHONS["3.13"], _TERMINAL, root="/app")),
    *((f"python:{version}*-slim*", recipe) for version, recipe in PYTHONS.items()),
    *(
        (f"python:{version}*", _system(f"terminal-bench-python-{version}-full", recipe, _COMPILING))
        for version, recipe in PYTHONS.items()
    ),
    ("ubuntu:*", DEBIAN),
    ("debian:*", DEBIAN),
)

# -- verifier tools ----------------------------------------------------------------------------------
# They look in the image's own index first; what is not there comes from the network, as ever.
_STARTER = f"""#!/bin/sh
export UV_INDEX="${{UV_INDEX:-file://{WHEELS}/simple}}"
exec {FOLDER}/uv/bin/NAME "$@"
"""
_ENV = """#!/bin/sh
case ":${PATH}:" in
  *:"$HOME/.local/bin":*) ;;
  *) export PATH="$HOME/.local/bin:$PATH" ;;
esac
"""
# The lists of packages are kept as they were when the image was made: `update` puts them back where they are
# young enough and no source was added, or where there is no network. Everything else is apt's own affair.
_APT = f"""#!/bin/sh
real=/usr/bin/$(basename "$0")
kept={FOLDER}/lists.tar
only_update() {{
  found=no
  for word in "$@"; do
    case "$word" in update) found=yes ;; -*) ;; *) return 1 ;; esac
  done
  [ $found = yes ]
}}
restore() {{
  [ -n "$(find /var/lib/apt/lists -name '*_Packages*' 2>/dev/null | head -n 1)" ] || tar -xf $kept -C /
}}
young() {{
  [ -n "$(find $kept -mtime -7)" ] && [ -z "$(find /etc/apt -newer $kept -type f 2>/dev/null | head -n 1)" ]
}}
if [ -e $kept ] && [ "$(id -u)" = 0 ] && only_update "$@"; then
  if young || [ -z "$(tail -n +2 /proc/net/route 2>/dev/null)" ]; then
    restore && echo "Package lists of $(date -r $kept +%F) are used." && exit 0
  fi
fi
exec "$real" "$@"
"""
_KEEP_LISTS = f"""rm -rf /var/lib/apt/lists/partial/* /var/log/apt/* /var/log/*.log
tar -cf {FOLDER}/lists.tar -C / var/lib/apt/lists
rm -rf /var/lib/apt/lists/*"""


def tools(uv: str = UV) -> Part:
    """What nearly every test script asks for: one layer for all tasks of a base."""
    return Part(
        "verifier tools",
        gives=("uv", "pytest"),
        pip=(f"uv=={uv}",),
        pip_into=f"{FOLDER}/uv",
        python=PYTHON,
        python_into=MANAGED,
        apt=("curl", "ca-certificates"),
        wheels=(*PYTEST, "colorama==0.4.6"),  # of Windows, but uv asks for it anywhere
        wheels_into=WHEELS,
        files=(
            ("root/.local/bin/uv", _STARTER.replace("NAME", "uv")),
            ("root/.local/bin/uvx", _STARTER.replace("NAME", "uvx")),
            ("root/.local/bin/env", _ENV),
            ("usr/local/bin/apt-get", _APT),
            ("usr/local/bin/apt", _APT),
        ),
        make=(
            f"ln -s {MANAGED.replace('{release}', PYTHON + '*')} {VERIFIER_PYTHON}",
            _KEEP_LISTS,
        ),
    )


def own_tools(wishes: Wanted) -> Iterator[Part]:
    """What this task's test script asks for beyond that."""
    for version in wishes.pythons:
        if not version.startswith(PYTHON):
            yield Part(f"Python {version}", (), python=version, python_into=MANAGED)
    if apt := tuple(name for name in wishes.apt if name != "curl"):
        yield Part("packages of the tests", (), apt=apt, make=("rm -rf /var/lib/apt/lists/*",))
    more = tuple(name for name in wishes.tools if name not in (*PYTEST, "pytest"))
    if more:
        yield Part("wheels of the tests", (), python_into=VERIFIER_PYTHON, wheels=more, wheels_into=WHEELS)
    if wishes.pip:
        settings = f"[install]\nfind-links = {WHEELS}\nretries = 1\n"
        yield Part(
            "pip's wheels of the tests",
            (),
            wheels=tuple(wishes.pip),
            wheels_into=WHEELS,
            files=(("etc/xdg/pip/pip.conf", settings),),
        )


# -- the task's own ----------------------------------------------------------------------------------
def context_of(trial: Trial) -> Context:
    """The image of the task's main service, and those of what stands beside it."""
    environment = trial.environment
    wishes = wanted(*scripts(trial))
    prefix = f"{environment.context}/" if environment.context else ""
    dockerfile = environment.dockerfile.removeprefix(prefix)
    below, extra = (tools(wishes.uv or UV),), tuple(own_tools(wishes))
    tooled = image_of(trial, trial.id, environment.context, dockerfile, below=below, extra=extra)
    return replace(tooled, others=tuple(beside.built(trial).values()))


def image_of(
    trial: Trial,
    called: str,
    folder: str,
    dockerfile: str,
    args: tuple[tuple[str, str], ...] = (),
    *,
    below: tuple[Part, ...] = (),
    extra: tuple[Part, ...] = (),
) -> Context:
    """From a folder of the task's; its name says what it is called, and changes with all that goes in."""
    prefix = f"{folder}/" if folder else ""
    inside = {
        path.removeprefix(prefix): content for path, content in trial.files.items() if path.startswith(prefix)
    }
    context = Context(
        image="",
        files=tuple((path, unpacked(content)) for path, content in sorted(inside.items())),
        executable=tuple(sorted(path for path, content in inside.items() if content.get("executable"))),
        dockerfile=dockerfile,
        bases=BASES,
        below=below,
        extra=extra,
        timeout_s=CORE_BUILD_S if trial.format == "core" else trial.environment.build_timeout_s,
        args=args,
    )
    name = re.sub(r"[^a-z0-9]+", "-", called.lower()).strip("-")
    return replace(context, image=f"evalkit/terminal-bench-{name}:{context.key}")


def scripts(trial: Trial) -> Iterator[str]:
    """The shell scripts that test it."""
    for path, content in sorted(trial.files.items()):
        tests = path == "run-tests.sh" or path.startswith("tests/") or "/tests/" in path
        if tests and path.endswith(".sh") and "text" in content:
            yield content["text"]
