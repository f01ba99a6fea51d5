"""Who answers: the tested model, and those of other roles, from what the user asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from evalkit.errors import UsageError
from evalkit.model import Hosted, Model
from evalkit.models import Opening, open_model
from evalkit.models.registry import backend_names
from evalkit.registry import did_you_mean, plug_in
from evalkit.run.settings import Knobs, Settings
from evalkit.serving import SERVED, How, open_served
from evalkit.suite import Suite

SILENT = ("oracle", "null", "replay")  # models that answer by themselves: nobody talks with them


def open_models(
    settings: Settings, suite: Suite, knobs: Knobs, *, sends: bool
) -> tuple[Model, dict[str, Model]]:
    """The tested model, and those of other roles. UsageError where one that the suite needs is not named."""
    common: dict[str, Any] = {
        "stream": settings.stream,
        "concurrency": knobs.concurrency,
        "request_timeout_s": knobs.request_timeout_s,
        "max_attempts": knobs.max_attempts,
        "suite": suite,
        "sends": sends,
        "salt": settings.label,
    }
    served = settings.backend in SERVED
    if settings.server and not served:
        raise UsageError(
            "a server's settings without a backend that evalkit serves", f"--backend {SERVED[0]}"
        )
    known = (*backend_names(), *SERVED)
    if (named := settings.backend) and named not in known and not plug_in("evalkit.backends", named):
        raise UsageError(f"unknown backend {named!r}", did_you_mean(named, known))
    model = open_model(
        settings.model,
        base_url=settings.base_url,
        api_key_env=settings.api_key_env,
        backend=settings.backend,
        sampling_overrides=settings.sampling,
        factory=serve(settings, knobs) if served else None,
        **common,
    )
    others = {role: open_role(role, asked, common) for role, asked in settings.roles.items()}
    for role in suite.roles:
        if role not in others and model.describe().get("backend") not in SILENT:
            raise UsageError(f"{suite.info.name} needs a model that plays the {role}", f"--{role}-model NAME")
    return model, others


def serve(settings: Settings, knobs: Knobs) -> Callable[[Opening], Model]:
    """What makes the tested model of a backend that is served on this machine."""
    how = How(knobs.keep_server, knobs.server_timeout, knobs.port, knobs.fit)
    backend = settings.backend or ""
    return lambda opening: open_served(opening, backend, settings.server, settings.context, how)


def useful_at_once(model: Model, suite: Suite, knobs: Knobs) -> float:
    """Rollouts that keep a local server busy, once its first call has been answered. More would stand in line
    for it, and a pause by --max-time waits for what was begun."""
    limiter = getattr(model, "limiter", None)
    if not knobs.fit or limiter is None or suite.workspaces:
        return float("inf")
    return float(2 * limiter.ceiling)


def of_no_price(model: Model, limits: Sequence[str]) -> str:
    """What limits in dollars do where the model is served on this machine; "" where they do what they say."""
    if not limits or not isinstance(model, Hosted):
        return ""
    flags = " and ".join(limits)
    return (
        f"calls of {model.name} cost this machine's time only: {flags} {'does' if len(limits) == 1 else 'do'}"
        " not count them, --max-time limits them"
    )


def open_role(role: str, asked: Mapping[str, str], common: Mapping[str, Any]) -> Model:
    """The model of a role. UsageError names the role's own flags."""
    if not asked.get("model"):
        raise UsageError(f"no model is named for the role {role!r}", f"--{role}-model NAME")
    try:
        return open_model(
            asked["model"], base_url=asked.get("base_url"), api_key_env=asked.get("api_key_env"), **common
        )
    except UsageError as e:
        hint = e.hint.replace("--base-url", f"--{role}-base-url")
        message = e.message.replace("--api-key-env", f"--{role}-api-key-env")
        hint = hint.replace("--api-key-env", f"--{role}-api-key-env")
        raise UsageError(f"{role}: {message}", hint) from None
