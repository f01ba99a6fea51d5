"""One run as a report needs it: score, interval, what became of every sample, spread, cost, how to repeat it.

Everything is read from the run's own folder, by rows of `samples` and never by whole records.
"""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit.errors import DataError
from evalkit.outcome import REASONS, Outcome
from evalkit.report.command import command_of
from evalkit.report.content import ACCOUNTS, RunFacts, Spread
from evalkit.report.labels import Labels
from evalkit.report.names import calls_itself
from evalkit.report.pairs import Side, side_of
from evalkit.report.setting import defaults_of, label_of, setting_of
from evalkit.report.values import MISSING, Interval, Model
from evalkit.run.result import summarize
from evalkit.run.summary import Summary
from evalkit.stats.errors import spread as split
from evalkit.stats.errors import standard_error
from evalkit.stats.passk import pass_at_k, pass_hat_k
from evalkit.store import Reader, read_run

# reasons of `failed` that are a class of their own; all others are `failed`
CLASSES = {
    "no_answer": ("no_answer", "empty_patch"),
    "truncated": ("truncated", "context", "turns", "tokens", "money"),
    "timeout": ("timeout", "cpu", "agent_timeout", "test_timeout"),
    "refused": ("refused",),
}


@dataclass(frozen=True)
class Measured:
    """A run with what only comparisons need: its tasks' counts, its identity, its suite's heading, and what
    its model is called."""

    facts: RunFacts
    side: Side
    identity: Mapping[str, Any]
    group: str
    called: tuple[str, ...]

    @property
    def key(self) -> tuple[str, str]:
        """The same for one run that is given twice, also as a copy of its folder."""
        return self.identity["digest"], self.facts.created


def measure(folder: Path, column: Callable[[Mapping[str, Any]], Model], said: Labels) -> Measured:
    """Read a run. `column` says which model a manifest's is. StoreError, DataError name the folder."""
    with read_run(folder) as store:
        try:
            return _measure(folder, store, column, said)
        except (KeyError, TypeError, AttributeError, IndexError, ValueError) as e:
            what = f"{type(e).__name__}: {e}"
            raise DataError(
                f"{folder} cannot be shown: it is not as this evalkit writes runs ({what})",
                "leave this run out, make it again, or read it with the evalkit that made it",
            ) from None


def _measure(
    folder: Path, store: Reader, column: Callable[[Mapping[str, Any]], Model], said: Labels
) -> Measured:
    manifest = store.manifest
    judged = store.verdict_sets().get(store.default_set or 0, {})
    defaults = defaults_of(manifest["settings"]["suite"])
    setting = setting_of(manifest, judged, defaults)
    summary, side = summarize(folder, store=store), side_of(store, folder)
    interval, words = summary.interval, label_of(setting, said)
    facts = RunFacts(
        id=f"r{manifest['identity_digest'][:8]}",
        folder=folder,
        model=column(manifest),
        setting=setting,
        label=", ".join(filter(None, [summary.title, words, manifest["identity"]["label"]])),
        summary=summary,
        accounts=accounts(summary),
        score=None if summary.pass_1 is None else 100 * summary.pass_1,
        interval=Interval(100 * interval[0], 100 * interval[1]) if interval else None,
        spread=spread_of(side.tasks, summary.tasks),
        state=state_of(summary, said, ended=has_ended(store)),
        command=command_of(manifest, judged, defaults),
        created=manifest["created"],
        environment=environment(manifest, judged, len([n for n in store.notes() if n.kind == "session"])),
    )
    identity = {**manifest["identity"], "digest": manifest["identity_digest"]}
    group = defaults.info.group if defaults.info else ""
    return Measured(facts, side, identity, group, tuple(calls_itself(manifest)))


# -- what became of the samples --------------------------------------------------------------------


def accounts(summary: Summary) -> dict[str, int]:
    """Samples by class, all of ACCOUNTS; they sum to what was planned."""
    found = Counter(dict.fromkeys(ACCOUNTS, 0))
    found["passed"] = summary.counts[Outcome.PASSED]
    for word, number in summary.reasons.items():
        outcome, _, reason = word.partition("/")
        found[class_of(outcome, reason)] += number
    if found.total() != summary.planned:
        raise ValueError(f"{found.total():,} samples are accounted for, of {summary.planned:,}")
    return dict(found)


def class_of(outcome: str, reason: str) -> str:
    """The one class of an outcome and its reason. ValueError where there is no such reason."""
    if reason not in REASONS[Outcome(outcome)]:
        raise ValueError(f"{reason!r} is no reason of {outcome}")
    if outcome == Outcome.FAILED:
        return next((name for name, reasons in CLASSES.items() if reason in reasons), "failed")
    return str(outcome)


def state_of(summary: Summary, said: Labels, *, ended: bool) -> str:
    """ "" where all but MISSING of it is scored and it has ended, else what is missing, in words."""
    missing, broken = summary.expected - summary.scored, summary.counts[Outcome.ERROR]
    if not missing or (ended and missing <= MISSING * summary.expected):
        return ""
    lost = {"state.broken": broken, "state.not_run": missing - broken}
    scored = said("state.scored", scored=summary.scored, planned=summary.expected)
    covered = ", ".join([scored, *(said(key, n=n) for key, n in lost.items() if n)])
    if summary.unavailable:
        runnable, of = summary.runnable
        covered += f", {said('state.runnable', n=runnable, of=of)}"
    return said("state.incomplete" if ended else "state.open", covered=covered)


def has_ended(store: Reader) -> bool:
    """Whether the last session said that it ended: one that runs still, or was killed, has not."""
    sessions = [note.kind for note in store.notes() if note.kind in ("session", "session_end")]
    return not sessions or sessions[-1] == "session_end"


# -- several samples a task ------------------------------------------------------------------------


def spread_of(tasks: Mapping[str, tuple[int, int]], planned: int) -> Spread | None:
    """From passed and scored samples by task; None where any of the `planned` tasks has less than two."""
    if len(tasks) < planned or not tasks:
        return None
    samples = min(n for _, n in tasks.values())
    if samples < 2:
        return None
    counts = Counter((n, c) for c, n in tasks.values())  # a few different ones, however many tasks

    def mean(estimator: Callable[[int, int, int], float], k: int) -> float:
        return math.fsum(times * estimator(n, c, k) for (n, c), times in counts.items()) / len(tasks)

    parts = split([(n, c) for c, n in tasks.values()])
    return Spread(
        len(tasks),
        samples,
        {k: mean(pass_at_k, k) for k in range(1, samples + 1)},
        {k: mean(pass_hat_k, k) for k in range(1, samples + 1)},
        standard_error([c / n for c, n in tasks.values()]),
        parts.run if parts else None,
    )


# -- how it was made -------------------------------------------------------------------------------


def environment(manifest: Mapping[str, Any], judged: Mapping[str, Any], sessions: int) -> dict[str, str]:
    """Names and values in words; what is not known is not there. No path of the machine that made it."""
    ours, data, host = manifest.get("evalkit", {}), manifest["data"], manifest.get("host", {})
    sandbox, protocol = manifest.get("sandbox", {}), manifest["protocol"]
    where = data["source"].partition(":")[2].rpartition("/")[2] if local(data) else data["source"]
    found = {
        "evalkit": joined(ours.get("version"), ours.get("commit") and f"commit {ours['commit']}"),
        "made": joined(manifest["created"], f"{sessions} sessions" if sessions > 1 else ""),
        "data": joined(where, data.get("revision"), f"sha256 {data['fingerprint'][:12]}"),
        "protocol": joined(f"{protocol['name']} {protocol['version']}", protocol.get("source")),
        "extractor": protocol.get("extractor", ""),
        "scorer": scored_by(judged),
        "sampling": ", ".join(f"{k} {v}" for k, v in manifest["identity"].get("sampling", {}).items()),
        "endpoint": manifest["model"].get("base_url", ""),
        "engine": joined(sandbox.get("kind"), sandbox.get("engine")),
        "image": str(sandbox.get("image") or "")[:19],
        "host": joined(host.get("platform"), f"{host['cores']} cores" if host.get("cores") else ""),
        "python": manifest.get("versions", {}).get("python", ""),
    }
    return {name: text for name, text in found.items() if text}


def local(data: Mapping[str, Any]) -> bool:
    return data["source"].partition(":")[0] in ("file", "folder")


def scored_by(judged: Mapping[str, Any]) -> str:
    if not judged:
        return ""
    options = (f"{name} {value}" for name, value in judged["options"].items() if name != "again")
    return joined(f"{judged['scorer']} {judged['version']}", *options)


def joined(*words: Any) -> str:
    return ", ".join(str(word) for word in words if word)


# -- which runs ------------------------------------------------------------------------------------


def distinct(runs: Sequence[Measured], said: Labels) -> tuple[list[Measured], list[str]]:
    """The runs, oldest first, each once and with an id of its own; and what was left out, in words."""
    found: dict[tuple[str, str], Measured] = {}
    remarks = []
    for run in sorted(runs, key=lambda run: (run.facts.created, run.facts.folder.name)):
        first = found.setdefault(run.key, run)
        if first is not run:
            remarks.append(said("warning.twice", name=run.facts.folder.name))
    return told_apart(list(found.values())), remarks


def told_apart(runs: Sequence[Measured]) -> list[Measured]:
    """The runs with ids of their own, and where two of one model have the same label, with what differs."""
    ids = numbered([run.facts.id for run in runs])
    out = []
    for run, own in zip(runs, ids, strict=True):
        twins = [t for t in runs if (t.facts.model, t.facts.label) == (run.facts.model, run.facts.label)]
        label = ", ".join([run.facts.label, *apart(run, twins, own)]) if len(twins) > 1 else run.facts.label
        out.append(dataclasses.replace(run, facts=dataclasses.replace(run.facts, id=own, label=label)))
    return out


def numbered(names: Sequence[str]) -> list[str]:
    """The names; from the second of the same on with a number."""
    return [n if not (k := names[:i].count(n)) else f"{n}-{k + 1}" for i, n in enumerate(names)]


def apart(run: Measured, twins: Sequence[Measured], own: str) -> list[str]:
    """What of its sampling, number of samples and data no other has; else its id."""
    known = [
        {
            **t.identity.get("sampling", {}),
            "samples": t.identity.get("samples"),
            "data": t.facts.setting.revision,
        }
        for t in twins
    ]
    mine = known[twins.index(run)]
    telling = [k for k, v in mine.items() if k != "seed" and [other.get(k) for other in known].count(v) == 1]
    return [f"{name} {mine[name]}" for name in telling] or [own]
