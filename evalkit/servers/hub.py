"""A model of the hub: whether it lies in the cache of the hub's client, and whether the hub gives it out.

The client is used where it is installed (the extra `hub`, or beside an engine); without it the engine itself
finds out, a minute later.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from evalkit.errors import UsageError
from evalkit.servers.weights import WEIGHTS

ASK_S = 15.0


@dataclass(frozen=True)
class Found:
    """`size`: bytes of weights; 0 is unknown. `why`: what is not known of it, and why."""

    size: int = 0
    revision: str = ""
    why: str = ""


def cached_snapshot(model: str, revision: str = "") -> Path | None:
    """The folder of a model that the hub's client has fetched, of a revision or of what `main` was then."""
    hub = Path(os.environ.get("HF_HUB_CACHE") or home() / "hub").expanduser()
    folder = hub / f"models--{model.replace('/', '--')}"
    try:
        commit = (folder / "refs" / (revision or "main")).read_text().strip()
    except OSError:
        commit = revision
    snapshot = folder / "snapshots" / commit
    whole = commit and snapshot.is_dir() and any(p.suffix in WEIGHTS for p in snapshot.iterdir())
    return snapshot if whole else None


def home() -> Path:
    """Where the hub's client keeps things."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache")
    return Path(os.environ.get("HF_HOME") or cache / "huggingface").expanduser()


@lru_cache(maxsize=64)
def ask_hub(model: str, revision: str = "") -> Found:
    """What the hub says of a model. UsageError where it has none of that name, or does not give it out; a hub
    that is out of reach is no error yet: a proxy or mirror of the engine's own may reach it."""
    if os.environ.get("HF_HUB_OFFLINE", "").lower() in ("1", "true", "yes", "on"):
        raise UsageError(
            f"{model} is not in the cache of the hub's client, and HF_HUB_OFFLINE forbids to fetch it",
            "fetch it first, or name a folder",
        )
    if find_spec("huggingface_hub") is None:
        return Found(why="the hub was not asked: huggingface_hub is not installed")
    import huggingface_hub
    from huggingface_hub import errors

    try:
        # the variable of a mirror, which the client itself reads only once
        hub = huggingface_hub.HfApi(endpoint=os.environ.get("HF_ENDPOINT") or None)
        info = hub.model_info(model, revision=revision or None, files_metadata=True, timeout=ASK_S)
    except errors.GatedRepoError:
        raise UsageError(
            f"the hub does not give out {model}", "accept its licence there, and set HF_TOKEN"
        ) from None
    except errors.RevisionNotFoundError:
        raise UsageError(f"the hub has no revision {revision} of {model}") from None
    except errors.RepositoryNotFoundError:
        raise UsageError(
            f"the hub has no model {model}, or does not show it",
            "a folder, a file, or an id of the hub; a private one needs HF_TOKEN",
        ) from None
    except Exception as e:  # no network, a proxy's page, a mirror's own error: the engine may fare better
        return Found(why=f"the hub is not in reach: {type(e).__name__}")
    files = [f for f in info.siblings or () if Path(f.rfilename).suffix in WEIGHTS]
    safe = [f for f in files if f.rfilename.endswith(".safetensors")] or files
    return Found(sum(f.size or 0 for f in safe), str(info.sha or ""))
