"""A first plan with comments: what stands in it runs as it is, what else can be said is commented out."""

from __future__ import annotations

from pathlib import Path

from evalkit.errors import UsageError

PLAN = """\
# A night of runs: every model over every suite. docs/nightly.md says more.
#
#   evalkit nightly run {file} --dry-run      what a night would do and cost
#   evalkit nightly run {file}                tonight's night, the dashboard, alerts
#
# As it stands it needs no endpoint: the embedded suite, answered by its own gold answers. Run it once, then
# put your models and suites in.

[night]
name = "{name}"              # its nights: results/{name}/2026-11-26
# results = "results"        # where nights go
# states = "{name}-states"   # what people say of alarms, beside this file: commit it
# money = 20                 # US dollars that a night may take; what is left goes to the next run
# hours = 7.5                # wall time that a night may take
# keep = 60                  # nights whose runs are kept; older ones leave their records, so history stays

[all]                        # flags of `evalkit run` without their dashes, for every run
sandboxes = 2
# concurrency = 16
# max-error-rate = 0.01      # a run with more missing than this makes the night incomplete (exit code 3)

[[models]]
name = "oracle"              # gold answers: must be at 100% every night

# [[models]]
# name = "qwen3-coder"       # of `evalkit models`, or any id of the endpoint
# label = "Qwen3-Coder"      # its name on the page; keep it when the name changes, and history goes on
# base-url = "http://localhost:8000/v1"
# temperature = 0.7

[[suites]]
name = "mini"                # of `evalkit suites`, or a folder
limit = 10                   # tasks; leave it out for all, or name some: tasks = "A,B,C" or "@FILE"

# [[suites]]
# name = "swebench"
# models = ["qwen3-coder"]   # these only
# samples = 1                # more make smaller drops seen earlier, and cost as much more
# turns = 100
# network = "off"

# Off unless an address is given. Secrets come from the environment only: env:NAME.
# [alerts]                     # one message an event; `env:NAME` is the value of that variable
# on = ["drop", "fixed", "incomplete"]       # also: "rise", "quarantine"
# page = "https://ci.example.org/nightly/"   # where the dashboard is: a link in each message
# webhook = "env:NIGHTLY_WEBHOOK"            # JSON
# slack = "env:NIGHTLY_SLACK"
# [alerts.mail]
# host = "smtp.example.org"                  # port = 587, security = "starttls"
# from = "evalkit@example.org"
# to = ["team@example.org"]
# user = "env:SMTP_USER"
# password = "env:SMTP_PASSWORD"
"""


def write_plan(path: Path) -> None:
    """UsageError where something is there already."""
    name = plan_name(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(PLAN.format(file=path, name=name))
    except FileExistsError:
        raise UsageError(f"{path} is there already", "name another file: it is not written over") from None
    except OSError as e:
        raise UsageError(f"cannot write {path}: {e.strerror}") from None


def plan_name(path: Path) -> str:
    """What the file's name gives as the name of a folder; "nightly" where that is nothing."""
    small = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in path.stem.lower())
    return small.strip("._-")[:60] or "nightly"
