"""The part of an environment's form that is about its target: each kind has fields of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from app.domain.environment import TargetSpec
from app.domain.errors import InvalidInput, Problem
from app.web.pages.environments.forms import host_key_confirmation
from app.web.pages.environments.forms.test_result import Finding
from app.web.pages.visit import Visit

LOGIN = ("host", "port", "user", "credential", "host_key")
FRESH: Mapping[str, str] = {
    "target.kind": "directory", "target.path": "", "target.layout": "in_place", "target.keep_releases": "5",
    "target.host": "", "target.port": "22", "target.user": "", "target.credential": "", "target.host_key": "",
    "target.jump.host": "", "target.jump.port": "22", "target.jump.user": "", "target.jump.credential": "",
    "target.jump.host_key": "",
}  # fmt: skip
Number = Callable[[str], Any]


def target(typed: Mapping[str, str], number: Number) -> dict[str, Any]:
    """What was typed as the target's specification; options of releases only where releases are wanted."""
    values: dict[str, Any] = {"kind": typed["target.kind"], "path": typed["target.path"]}
    if typed["target.layout"] == "releases":
        values |= {"layout": "releases", "keep_releases": number(typed["target.keep_releases"])}
    if values["kind"] == "ssh":
        values |= _login(typed, "target", number)
        if typed["target.jump.host"]:
            values["jump"] = _login(typed, "target.jump", number)
    return values


def _login(typed: Mapping[str, str], place: str, number: Number) -> dict[str, Any]:
    given = {name: typed[f"{place}.{name}"] or None for name in LOGIN}
    return {**given, "port": number(given["port"] or "22")}


def shown(spec: TargetSpec) -> dict[str, str]:
    """A target as the form shows it."""
    options = {f"target.{name}": value for name, value in spec.options.items() if name != "jump"}
    options |= {f"target.jump.{name}": value for name, value in (spec.option("jump") or {}).items()}
    return {"target.kind": spec.kind, **{name: str(value) for name, value in options.items() if name in FRESH}}


def looked_up(visit: Visit, typed: Mapping[str, str], number: Number) -> tuple[dict[str, str], Finding]:
    """Ask the server for its host key; returns what was typed with it, and what to compare."""
    given = {**typed, "target.host_key": "", "target.jump.host_key": ""}
    try:
        found = visit.use_cases.registration.completed(target(given, number))
    except InvalidInput as problem:
        text = "; ".join(f"{field} {wrong}" for field, wrong in problem.fields.items())
        return dict(typed), Finding("bad", "No host key could be looked up", text or problem.detail)
    except Problem as problem:
        return dict(typed), Finding("bad", "No host key could be looked up", problem.detail)
    return {**typed, **shown(found)}, Finding(
        "warn", host_key_confirmation.TITLE, host_key_confirmation.told(visit, found)
    )
