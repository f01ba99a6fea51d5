"""The verbs on runs: start or continue one, resume, judge again, summarise.

`run` on the same settings continues the same folder; a changed setting is another run and says so.
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from evalkit.errors import DataError, StoreError, UsageError
from evalkit.model import Hosted
from evalkit.outcome import EXCLUDED, Outcome
from evalkit.run.equipment import hands_of, images_met, open_equipment
from evalkit.run.images import by_image, supply_of
from evalkit.run.known import Known, Proof, known_of, proof_of, settle
from evalkit.run.manifest import make_manifest, session_facts, unlike_its_siblings
from evalkit.run.models import of_no_price
from evalkit.run.pipeline import Pipeline
from evalkit.run.plan import Plan, make_plan
from evalkit.run.result import summarize
from evalkit.run.settings import Knobs, Settings, differences, dollar_limits
from evalkit.run.summary import Summary
from evalkit.run.verdict_sets import (
    as_judged,
    current_set,
    make_own,
    outstanding,
    own_options,
    verdict_set,
    with_unjudged,
)
from evalkit.run.watch import Watch
from evalkit.run.work import Equipment, Stop, Work
from evalkit.scaffold import Equipped
from evalkit.store import Change, Store, create_run, holds_run, open_run

Certify = Literal["missing", "anew"]  # which certificates a run is to make


@dataclass(frozen=True)
class Rescore:
    """What judging again gave: the new summary, the verdicts that changed, and what cut it short if so."""

    summary: Summary
    set_id: int
    changes: tuple[Change, ...]
    end: str


def run(settings: Settings, knobs: Knobs, watch: Watch | None = None) -> Summary:
    """Make the run of these settings, or continue it where it stands."""
    return carry_out(make_plan(settings, knobs), knobs, watch)


def carry_out(
    plan: Plan, knobs: Knobs, watch: Watch | None = None, *, certify: Certify | None = None
) -> Summary:
    """The same for a plan that is made already: who has several makes them all first. `certify`: the run is
    of gold or of empty answers, what comes of them is kept, and what is kept already is taken over."""
    return asyncio.run(_run(plan, knobs.results / plan.folder_name, knobs, watch or Watch(), certify))


def resume(
    folder: Path,
    knobs: Knobs,
    watch: Watch | None = None,
    *,
    base_url: str | None = None,
    api_key_env: str | None = None,
    data: str | None = None,
    roles: Mapping[str, Mapping[str, str]] | None = None,
    server: Mapping[str, Any] | None = None,
) -> Summary:
    """Continue a run from its manifest. Where the endpoint or the data moved, say so with the flags; `roles`
    says the same of other roles' endpoints, by role; `server` where a local server has its place now."""
    watch = watch or Watch()
    with _opened(folder, watch) as store:
        manifest, judged_with = store.manifest, own_options(store)
    settings = stored_settings(manifest)
    moved: dict[str, Any] = {"base_url": base_url, "api_key_env": api_key_env, "data": data}
    settings = dataclasses.replace(settings, **{k: v for k, v in moved.items() if v is not None})
    settings = dataclasses.replace(settings, roles=moved_roles(settings, roles or {}))
    settings = dataclasses.replace(settings, server={**settings.server, **(server or {})})
    plan = as_judged(make_plan(settings, knobs), judged_with)
    elsewhere = {role for role, places in (roles or {}).items() if "base_url" in places}
    _check_same(manifest, plan, folder, moved_endpoint=base_url is not None, moved_roles=elsewhere)
    return asyncio.run(_run(plan, folder, knobs, watch))


def score(
    folder: Path,
    knobs: Knobs,
    watch: Watch | None = None,
    *,
    options: Mapping[str, Any] | None = None,
    data: str | None = None,
    make_default: bool = True,
) -> Rescore:
    """Judge the stored answers again, without a model: a new set of verdicts, and what changed."""
    watch = watch or Watch()
    with _opened(folder, watch) as store:
        manifest = store.manifest
    settings = stored_settings(manifest)
    # the model is not asked for anything: its endpoint and key need not exist any more
    options = {**settings.options, **(options or {})}
    settings = dataclasses.replace(settings, options=options, model="null", roles={})
    if data is not None:
        settings = dataclasses.replace(settings, data=data)
    plan = make_plan(dataclasses.replace(settings, base_url=None, backend=None, server={}), knobs)
    stored = {k: v for k, v in manifest["identity"].items() if k in ("suite", "options", "data", "tasks")}
    if changed := differences(stored, {k: plan.identity[k] for k in stored}):
        raise DataError(f"{folder} cannot be judged with this: {'; '.join(changed)}")
    return asyncio.run(_score(plan, folder, knobs, watch, make_default))


def stored_settings(manifest: Mapping[str, Any]) -> Settings:
    """A run's settings, with the data files that it found then: the environment may be another by now."""
    settings = Settings.from_json(manifest["settings"])
    if context := manifest["identity"].get("context"):  # the catalog may say another by now
        settings = dataclasses.replace(settings, context=context)
    kind, _, path = manifest["data"]["source"].partition(":")
    if settings.data is None and kind in ("file", "folder") and Path(path).exists():
        return dataclasses.replace(settings, data=path)
    return settings


def moved_roles(settings: Settings, moved: Mapping[str, Mapping[str, str]]) -> dict[str, Mapping[str, str]]:
    """A run's roles with their endpoints moved. UsageError for a role that it has not."""
    if unknown := sorted(set(moved) - set(settings.roles)):
        raise UsageError(
            f"--{unknown[0]}-base-url or its key: this run has no model for the role {unknown[0]!r}",
            f"its roles: {', '.join(settings.roles) or 'none'}",
        )
    return {role: {**asked, **moved.get(role, {})} for role, asked in settings.roles.items()}


def _opened(folder: Path, watch: Watch) -> Store:
    """The run's store, for writing. What was damaged has been set aside by then, and is said."""
    store = open_run(folder)
    for line in store.damage:
        watch.say(f"repaired: {line}")
    return store


# -- carrying it out -------------------------------------------------------------------------------


async def _run(
    plan: Plan, folder: Path, knobs: Knobs, watch: Watch, certify: Certify | None = None
) -> Summary:
    store = sandbox = None
    try:
        try:
            if holds_run(folder):
                store = _opened(folder, watch)
                watch.say(f"continuing {folder}")
                set_id = await current_set(store, plan)
                if work := outstanding(store, plan, set_id):
                    _check_equipment(plan, knobs, work)
                    sandbox = await open_equipment(plan, knobs, folder.name, watch.say, work)
                else:
                    await make_own(store, set_id, plan, watch)
            else:
                _check_equipment(plan, knobs)
                sandbox = await open_equipment(plan, knobs, folder.name, watch.say)
                known = Known() if certify else known_of(plan, sandbox)
                store = create_run(folder, make_manifest(plan, sandbox, **vars(known)), plan.planned)
                watch.say(f"new run {folder}{unlike_its_siblings(folder, plan)}")
            if sandbox is None:
                return summarize(folder, store=store)
            proof = proof_of(plan, sandbox, anew=certify == "anew") if certify else None
            stop = await _session(plan, store, knobs, sandbox, watch, proof)
            return with_unjudged(summarize(folder, store=store, stop=stop), store, plan)
        finally:
            if sandbox is not None:
                await sandbox.close()
    finally:
        watch.finished()
        await close_models(plan)
        if store is not None:
            store.close()


def _check_equipment(plan: Plan, knobs: Knobs, work: Work | None = None) -> None:
    """UsageError where the scaffold cannot make the rollouts that are to be made (None: all). Of a cluster's
    nodes each looks for itself."""
    if not knobs.workers and isinstance(plan.scaffold, Equipped) and (work is None or work.rollouts):
        plan.scaffold.check(plan.suite)


async def _session(
    plan: Plan, store: Store, knobs: Knobs, sandbox: Equipment, watch: Watch, proof: Proof | None
) -> Stop:
    set_id = await current_set(store, plan)
    await settle(store, plan, set_id, proof)
    work = by_image(outstanding(store, plan, set_id), plan.suite, supply_of(sandbox))
    state = [s for s in store.state(set_id).values() if s.reason != EXCLUDED]
    passed = sum(s.verdict == Outcome.PASSED for s in state)
    watch.started(len(state), sum(s.judged for s in state), passed)
    await store.note("session", session_facts(plan, knobs, sandbox))
    hosted = [model for model in plan.models.values() if isinstance(model, Hosted)]
    for model in hosted:
        model.attend(watch.say, store.note)
    if said := of_no_price(plan.model, dollar_limits(knobs, plan.budget)):
        watch.say(said)
    began = time.monotonic()
    hands = hands_of(plan, knobs, sandbox)
    pipeline = Pipeline(plan, store, set_id, knobs, hands, watch, proof.keep if proof else None)
    try:
        stop = await pipeline.execute(work)
        if not outstanding(store, plan, set_id).answers:
            await make_own(store, set_id, plan, watch)
        return stop
    finally:
        facts: dict[str, Any] = {"end": pipeline.stop.end, "detail": pipeline.stop.detail}
        if hosted:
            facts["servers"] = [model.account() for model in hosted]
        if plan.suite.workspaces:  # which images the tasks met: of those pulled, known only now
            facts["images"] = await images_met(sandbox)
        await store.note("session_end", {**facts, "wall_s": time.monotonic() - began})


async def _score(plan: Plan, folder: Path, knobs: Knobs, watch: Watch, make_default: bool) -> Rescore:
    store = _opened(folder, watch)
    sandbox = None
    try:
        before = store.default_set
        sandbox = await open_equipment(plan, knobs, folder.name, watch.say)
        set_id = await verdict_set(store, plan, again=True)
        tasks = {task.id: task for task in plan.tasks}
        answers = [(tasks[t], k) for (t, k), known in store.state().items() if known.answered]
        watch.started(len(answers), 0, 0)
        work = by_image(Work([], answers), plan.suite, supply_of(sandbox))
        hands = hands_of(plan, knobs, sandbox)
        stop = await Pipeline(plan, store, set_id, knobs, hands, watch).execute(work)
        changes = store.verdict_changes(before, set_id) if before is not None else ()
        end = stop.end if outstanding(store, plan, set_id).answers else "done"
        if end != "done":
            watch.say(f"verdict set {set_id} is not complete ({end}): the run keeps set {before}")
        elif make_default:
            await store.set_default(set_id)
        return Rescore(summarize(folder, store=store), set_id, tuple(changes), end)
    finally:
        watch.finished()
        await close_models(plan)
        if sandbox is not None:
            await sandbox.close()
        store.close()


async def close_models(plan: Plan) -> None:
    for model in plan.models.values():
        await model.close()


# -- sameness --------------------------------------------------------------------------------------


def _check_same(
    manifest: Mapping[str, Any], plan: Plan, folder: Path, *, moved_endpoint: bool, moved_roles: set[str]
) -> None:
    old, new = dict(manifest["identity"]), dict(plan.identity)
    for identity in (old, new):
        if moved_endpoint:
            identity["model"] = _without_place(identity["model"])
        if moved_roles:
            identity["roles"] = {
                role: _without_place(model) if role in moved_roles else model
                for role, model in identity.get("roles", {}).items()
            }
    if changed := differences(old, new):
        raise StoreError(
            f"{folder} was made with other settings: {'; '.join(changed)}",
            "that would be a different run: start it with `evalkit run`",
        )


def _without_place(model: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in model.items() if k != "base_url"}
