"""What is known of one sample, in the order in which it happened: told once, for terminal and pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from evalkit.run.conversation import conversation, rollout
from evalkit.run.passages import Checks, Foreign, Part, Passage, Recorded, cut
from evalkit.task import Verdict
from evalkit.text import OWN_TIME, count, duration, money, size

if TYPE_CHECKING:
    from evalkit.store import Event, Reader, Record

RECORDING = "session.cast"  # the file of an answer that holds one
LOG_LINES, LOG_LENGTH = 40, 8_000  # characters: of a log's end


def tell(store: Reader, task_id: str, sample: int, end: str) -> Iterator[Passage]:
    """Conversation, answer, verdicts, attempts and usage of one sample; `end`: how the run's last session
    ended. The sample's row is `store.record(task_id, sample).row`."""
    from evalkit.run.result import explain_missing

    record = store.record(task_id, sample)
    tries = {number: list(store.events(r)) for r, number in store.rollouts(task_id, sample)}
    if (recording := store.file_of(task_id, sample, RECORDING)) is not None:
        yield Passage(
            "recording", f"recording of the terminal ({size(len(recording))})", (Recorded(recording),)
        )
    yield from conversation(list(tries.values()))
    yield from rollout(record.info, store.manifest["settings"].get("budget", {}))
    yield from verdicts(store, record)
    for policy, log in store.logs(task_id, sample).items():
        yield log_passage(policy, log)
    if made := tuple(attempts(tries)):
        yield Passage("attempts", "attempts", made)
    row = explain_missing(record.row, end)
    tokens = [f"{name} {count(row[f'{name}_tokens'])}" for name in ("prompt", "completion", "reasoning")]
    cost = OWN_TIME if row["cost"] is None and "server" in store.manifest else money(row["cost"])
    used = f"tokens: {', '.join(tokens)}; cost {cost}; tries {row['tries']}"
    yield Passage("facts", "usage", (used,))


def word(row: Mapping[str, Any]) -> str:
    """`failed/wrong`, `passed`."""
    return "/".join(filter(None, (row["outcome"], row["reason"])))


# -- verdicts --------------------------------------------------------------------------------------


def verdicts(store: Reader, record: Record) -> Iterator[Passage]:
    from evalkit.run.result import scorer_of

    scorer, answer = scorer_of(store) or "unknown", record.answer
    official = record.verdicts.get("official")
    if answer and answer.form == "patch" and (not official or official.extracted != answer.text):
        yield Passage("code", "answer: what became of the files", (Foreign(answer.text, patch=True),))
    for policy, verdict in record.verdicts.items():
        if policy == "official" and verdict.extracted is not None:
            patch = answer is not None and answer.form == "patch" and answer.text == verdict.extracted
            yield Passage("code", "extracted code", (Foreign(verdict.extracted, patch=patch),))
        yield Passage("verdict", f"{policy} verdict by {scorer}", tuple(findings(verdict)))
    why = record.info.get("detail")
    if not record.verdicts and why:
        yield Passage("warning", "why there is no verdict", (Foreign(str(why)),))


def findings(verdict: Verdict) -> Iterator[Part]:
    yield word({"outcome": verdict.outcome, "reason": verdict.reason})
    said = {"detail": verdict.detail, "says": verdict.official, "suspect": verdict.suspect}
    for label, text in said.items():
        if text and "\n" not in text and len(text) <= 160:
            yield f"{label}: {text}"
        elif text:
            yield f"{label}:"
            yield Foreign(text)
    if verdict.parts:
        yield "parts: " + ", ".join(f"{k} {'passed' if v else 'failed'}" for k, v in verdict.parts.items())
    first, second = (verdict.measured.get(key) for key in ("first_wall_s", "wall_s"))
    if first is not None and second is not None:
        # a program that was tried again alone
        yield f"late beside others after {duration(first)}, which did not count; alone {duration(second)}"
    if verdict.tests:
        yield Checks(verdict.tests)


def log_passage(policy: str, log: bytes) -> Passage:
    """The end of what the tests printed, which is where they say what came of them."""
    lines = log.decode(errors="replace").splitlines()
    shown = "\n".join(lines[-LOG_LINES:])[-LOG_LENGTH:]
    whole = len(lines) <= LOG_LINES and len(shown) < LOG_LENGTH
    parts = () if whole else (f"its end; {len(lines):,} lines in all: evalkit export --format logs",)
    return Passage("log", f"log of the {policy} verdict ({len(log):,} bytes)", (*parts, Foreign(shown)))


# -- attempts --------------------------------------------------------------------------------------


def attempts(tries: Mapping[int, Sequence[Event]]) -> Iterator[str]:
    """One line an HTTP request; `tries`: the log of each try by its number."""
    for number, events in tries.items():
        for event in events:
            if event.kind == "attempt":
                made = event.payload
                yield f"try {number}, call {made['number']}: {_attempt(made['attempt'])}"


def _attempt(attempt: Mapping[str, Any]) -> str:
    answered = "no status" if attempt["error"] else "answered without a server"
    status = answered if attempt["status"] is None else f"HTTP {attempt['status']}"
    error = f", {cut(attempt['error'], 200)}" if attempt["error"] else ""
    waited = f", waited {duration(attempt['waited_s'])}" if attempt["waited_s"] else ""
    return f"{status}, {duration(attempt['wall_s'])}{error}{waited}"
