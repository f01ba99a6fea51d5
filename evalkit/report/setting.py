"""A run's setting: everything but the model that its score depends on, from its manifest.

Two scores are compared only where all of it is the same (docs/reports.md). Sampling, endpoint and prices are
the model's own. What a suite's options are unless somebody says otherwise is not said again.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from evalkit.errors import EvalkitError
from evalkit.registry import find_suite
from evalkit.report.labels import Labels
from evalkit.report.values import Setting
from evalkit.run.settings import digest
from evalkit.suite import SuiteInfo, options_of

CONDITIONS = ("network", "timeout_factor")  # of those that a suite names, what a row says in any case
LIMITS = {"tokens": "tokens a rollout", "money": "dollars a rollout", "wall_s": "seconds a rollout"}


@dataclasses.dataclass(frozen=True)
class Defaults:
    """What a suite has when nothing is asked for, by part; empty where the suite is not at hand."""

    info: SuiteInfo | None
    run: Mapping[str, Any]
    verdict: Mapping[str, Any]


def defaults_of(suite: str) -> Defaults:
    """Of a suite by the name or path that a run has it by."""
    try:
        cls, info = find_suite(suite)
        options = cls.Options()
    except EvalkitError:
        return Defaults(None, {}, {})
    return Defaults(info, options_of(options, "run"), options_of(options, "verdict"))


def setting_of(manifest: Mapping[str, Any], judged: Mapping[str, Any], defaults: Defaults) -> Setting:
    """`judged` is the run's own set of verdicts: scorer, version, options; {} where nothing is judged."""
    identity, suite = manifest["identity"], manifest["suite"]
    budget = manifest.get("limits") or identity.get("budget", {})
    conditions = {str(name): str(value) for name, value in manifest.get("conditions", {}).items()}
    return Setting(
        suite=suite["name"],
        revision=identity["data"][:12],
        scaffold=whole(manifest["scaffold"]),
        turns=budget.get("turns"),
        protocol=versioned(manifest["protocol"]),
        limits={
            **({"scope": str(suite["scope"])} if suite.get("scope") else {}),
            **part_of_tasks(identity["tasks"], suite.get("tasks"), sorted(manifest.get("excluded", {}))),
            **said(
                "options",
                without(identity.get("options", {}), conditions),
                {**defaults.run, "protocol": None},
            ),
            **conditions,
            **said("other data", {k: v[:12] for k, v in identity.get("other_data", {}).items()}, {}),
            **said("roles", {role: m.get("id", m["backend"]) for role, m in roles(identity)}, {}),
            **{words: f"{budget[name]:g}" for name, words in LIMITS.items() if budget.get(name) is not None},
            **scorer(judged, defaults),
        },
    )


def versioned(raw: Mapping[str, Any]) -> str:
    """A name with its major version."""
    return f"{raw['name']} {str(raw['version']).partition('.')[0]}"


def whole(raw: Mapping[str, Any]) -> str:
    """A name with its version: another release of an agent is another agent."""
    return f"{raw['name']} {raw['version']}"


def without(options: Mapping[str, Any], named: Mapping[str, str]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name not in named}


def part_of_tasks(tasks: Mapping[str, Any], of: int | None, excluded: Sequence[str]) -> dict[str, str]:
    """Which tasks, where they are not all."""
    if of is None or (tasks["count"] == of and not excluded):
        return {}
    ids = digest([tasks["ids"], *excluded]) if excluded else tasks["ids"]
    return {"tasks": f"{tasks['count'] - len(excluded)}/{of} ({ids[:8]})"}


def roles(identity: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    return list(identity.get("roles", {}).items())


def scorer(judged: Mapping[str, Any], defaults: Defaults) -> dict[str, str]:
    if not judged:
        return {}
    # judging again makes a set of its own, in the same way
    options = {k: v for k, v in judged["options"].items() if k != "again"}
    usual = {**defaults.verdict, "scorer": judged["scorer"], "extractor": options.get("extractor")}
    return {"scorer": f"{judged['scorer']} {judged['version']}", **said("judging", options, usual)}


def said(name: str, options: Mapping[str, Any], usual: Mapping[str, Any]) -> dict[str, str]:
    """`name`: the options that are not as usual, where there are any."""
    unusual = {k: v for k, v in options.items() if k not in usual or (usual[k] != v and k != "protocol")}
    return {name: ", ".join(f"{k}={v}" for k, v in sorted(unusual.items()))} if unusual else {}


# -- in words --------------------------------------------------------------------------------------


def label_of(setting: Setting, said: Labels) -> str:
    """What tells a row from others of the same benchmark, short: over what, how it was driven and asked."""
    protocol = bare(setting.protocol)
    words = [
        *part_of(setting, said),
        *(driven(setting, said) or [bare(setting.scaffold), turns(setting, said)]),
        protocol if protocol not in (setting.suite, bare(setting.scaffold)) else "",
        "" if "scope" in setting.limits else setting.limits.get("options", ""),
    ]
    return ", ".join(filter(None, words))


def driven(setting: Setting, said: Labels) -> list[str]:
    """Of an agent's row, which says so in any case: who drove the model, in which release, how many turns it
    had, and under what; [] for other rows."""
    under = [
        f"{part_name(name, said)} {setting.limits[name]}" for name in CONDITIONS if name in setting.limits
    ]
    if own(setting.scaffold) and not under:
        return []
    return [word for word in (setting.scaffold, turns(setting, said), *under) if word]


def turns(setting: Setting, said: Labels) -> str:
    return said("count.turns", n=setting.turns) if setting.turns else ""


def part_of(setting: Setting, said: Labels) -> list[str]:
    """Over which part of the benchmark, where it is not all."""
    scope, tasks = setting.limits.get("scope", ""), setting.limits.get("tasks", "").partition(" (")[0]
    return list(filter(None, [scope, said("gather.tasks", part=tasks) if tasks else ""]))


def own(scaffold: str) -> bool:
    """Whether it is evalkit's, whose versions are whole numbers; others' have releases."""
    return "." not in scaffold.rpartition(" ")[2]


def bare(name: str) -> str:
    """Without the version."""
    return name.rpartition(" ")[0] or name


def differing(one: Setting, other: Setting, said: Labels, silent: str = "–") -> list[str]:
    """Parts in which two settings are not the same, in words: `protocol: lm-eval 1 / evalplus 1`; `silent` is
    what stands for one that is not there."""
    a, b = parts_of(one), parts_of(other)
    return [
        f"{part_name(name, said)}: {a.get(name) or silent} / {b.get(name) or silent}"
        for name in dict.fromkeys((*a, *b))
        if a.get(name, "") != b.get(name, "")
    ]


def part_name(name: str, said: Labels) -> str:
    return said[f"setting.{name}"] if said.has(f"setting.{name}") else name


def unstated(setting: Setting) -> list[str]:
    """Parts of its own setting that a document does not say."""
    named = {"data": setting.revision, "scaffold": setting.scaffold, "protocol": setting.protocol}
    return [name for name, value in named.items() if not value]


def parts_of(setting: Setting) -> dict[str, str]:
    return {
        "data": setting.revision,
        "scaffold": setting.scaffold,
        "turns": str(setting.turns or ""),
        "protocol": setting.protocol,
        **setting.limits,
    }
