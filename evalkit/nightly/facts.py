"""The environment of a run by name, in words: what may change from night to night beside the model.

What a provider changes behind one name shows in the version that it says it serves and in its fingerprint.
Nothing here is part of the key (comparable.py): where one changes, nights are still compared, and the change
stands beside an alarm.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from evalkit.report.runs import local, scored_by
from evalkit.run.settings import digest, flatten
from evalkit.store import Reader

LOOKED_AT = 48  # calls whose fingerprint is read, evenly over the run
TESTED = "tested"  # the role of the model that a run is of
LONGEST = 400  # characters of a value
MOST = 3  # versions of one thing in one run that are named
KNOWN = ("backend", "id", "base_url")  # of what a model says of itself: the rest is told by its own name


def facts_of(store: Reader, judged: Mapping[str, Any]) -> dict[str, str]:
    """Names and values, a name each; what is not known is not there. No path of the machine that made it."""
    manifest = store.manifest
    identity, data = manifest["identity"], manifest["data"]
    served = Counter(name for _, role, name, _ in store.calls() if role == TESTED and name)
    fixed = {
        "model version": several(name for name, _ in served.most_common()),
        "endpoint fingerprint": several(fingerprints(store)),
        "suite data": joined(
            "" if local(data) else data["source"], data.get("revision"), f"sha256 {data['fingerprint'][:12]}"
        ),
        "scaffold": "{name} {version}".format(**manifest["scaffold"]),
        "protocol": "{name} {version}".format(**manifest["protocol"]),
        "extractor": manifest["protocol"].get("extractor", ""),
        "scorer": scored_by(judged),
        "sampling": ", ".join(f"{k} {v}" for k, v in identity.get("sampling", {}).items()),
    }
    notes = store.notes()
    circumstances = [of_session(manifest)]
    circumstances += [of_session(note.payload) for note in notes if note.kind == "session"]
    names = dict.fromkeys(name for one in circumstances for name in one)
    changing = {name: several(one.get(name, "") for one in circumstances) for name in names}
    # a server of ours knows its version when it answers, and may not before
    answered = [note.payload for note in notes if note.kind == "server"]
    if live := several(joined(one.get("engine"), one.get("version")) for one in answered):
        changing["server"] = live
    used: dict[str, str] = {}  # images are known once they were used
    for note in notes:
        used.update((note.kind == "session_end" and note.payload.get("images")) or {})
    if used:
        changing["images"] = told_images(used)
    return {name: written(text) for name, text in {**fixed, **changing}.items() if text}


def of_session(facts: Mapping[str, Any]) -> dict[str, str]:
    """What a run's sessions may differ in, from the manifest or from a session's note."""
    ours, model, host = facts.get("evalkit", {}), facts.get("model", {}), facts.get("host", {})
    sandbox, versions = facts.get("sandbox", {}), facts.get("versions", {})
    images = sandbox.get("images") or {}
    rest = flatten({name: value for name, value in model.items() if name not in KNOWN})
    return {
        "model": str(model.get("id") or model.get("backend") or ""),
        "endpoint": str(model.get("base_url") or ""),
        **{f"model {name}".replace("_", " "): str(value) for name, value in rest.items() if name},
        "evalkit": joined(ours.get("version"), ours.get("commit") and f"commit {ours['commit']}"),
        "image": short(sandbox.get("image")),
        **({"images": told_images(images)} if images else {}),
        **of_server(facts.get("server") or {}),
        "engine": joined(sandbox.get("kind"), sandbox.get("engine")),
        "isolation": str(sandbox.get("isolation") or ""),
        "hardware": joined(host.get("machine"), host.get("cores") and f"{host['cores']} cores"),
        "host": str(host.get("platform") or ""),
        "packages": ", ".join(f"{name} {version}" for name, version in versions.items()),
    }


def of_server(server: Mapping[str, Any]) -> dict[str, str]:
    """Of a model that is served on this machine (evalkit.serving.facts). Arguments are told by their digest:
    they name folders of this machine."""
    asked = {name: server.get(name) for name in ("arguments", "environment")}
    gpus = Counter(joined(gpu.get("name"), gpu.get("driver")) for gpu in server.get("gpus", ()))
    return {
        "server": joined(server.get("engine"), server.get("version")),
        "weights": joined(
            server.get("revision"), server.get("hashes") and f"sha256 {digest(server['hashes'])[:12]}"
        ),
        "precision": joined(server.get("dtype"), server.get("quantization")),
        "determinism": str(server.get("determinism") or ""),
        "server settings": f"sha256 {digest(asked)[:12]}" if any(asked.values()) else "",
        "GPUs": ", ".join(f"{n} x {name}" for name, n in gpus.items() if name),
    }


def fingerprints(store: Reader) -> Iterable[str]:
    """As the endpoint said them (`system_fingerprint`), of some calls."""
    calls = [number for number, role, _, _ in store.calls() if role == TESTED]
    step = max(1, len(calls) // LOOKED_AT)
    found = Counter(store.recorded_exchange(number)[1].fingerprint for number in calls[::step])
    return [text for text, _ in found.most_common()]


def told_images(images: Mapping[str, str]) -> str:
    """Of workspaces: hundreds of tasks have one each, so that a digest over all of them tells a change."""
    if len(images) == 1:
        return short(next(iter(images.values())))
    return f"{len(images)} images, sha256 {digest(dict(images))[:12]}"


def short(image: Any) -> str:
    """An image's digest without what nobody compares by eye."""
    text = str(image or "")
    name, at, digest = text.rpartition("sha256:")
    return f"{name}{at}{digest[:12]}"


def several(values: Iterable[str]) -> str:
    distinct = list(dict.fromkeys(filter(None, values)))
    more = f" and {len(distinct) - MOST} more" if len(distinct) > MOST else ""
    return " / ".join(distinct[:MOST]) + more


def written(text: str) -> str:
    """What an endpoint says may be of any length, or half a character."""
    whole = text.encode(errors="replace").decode()
    return whole if len(whole) <= LONGEST else f"{whole[: LONGEST - 1]}…"


def joined(*words: Any) -> str:
    return ", ".join(str(word) for word in words if word)
