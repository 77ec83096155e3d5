"""Registering and editing what others deliver: their system, what they call it, and where its commits are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import Response
from fastapi.concurrency import run_in_threadpool

from app.domain.actor import Actor
from app.domain.environment import Environment, ExternalSpec, RunsOn
from app.domain.errors import EnvironmentExists, InvalidInput, Problem
from app.domain.external import SYSTEMS, title_of
from app.domain.permissions import Permission
from app.web.pages.environments.environment_view import Top, show, top
from app.web.pages.environments.forms.environment_form import labels
from app.web.pages.query_parameters import clean
from app.web.rendering import links, render
from app.web.requests.permission_check import By, may
from app.web.requests.routers import page_router
from app.web.requests.visit import Visit, Visiting

FIELDS = ("name", "system", "called", "mode", "repo_url", "labels")
PLACES = {"external.system": "system", "external.name": "called", "source.repo_url": "repo_url"}
router = page_router()


@dataclass(frozen=True, slots=True)
class ExternalForm:
    """The form: what was typed, what is wrong with it, and which environment it edits ("": a new one). `systems`:
    (name, title)."""

    typed: Mapping[str, str]
    errors: Mapping[str, str]
    problem: str
    editing: str
    systems: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class NewExternalView:
    """The context of environments/new_external.html."""

    form: ExternalForm


@dataclass(frozen=True, slots=True)
class ExternalSettingsView(Top):
    """The context of environments/external_settings.html."""

    form: ExternalForm


@router.get("/environments/new/external", dependencies=[may(Permission.VIEW)])
def new(visit: Visiting, system: str = "") -> Response:
    """An empty form."""
    return _new(visit, _form({"system": system if system in SYSTEMS else next(iter(SYSTEMS))}))


@router.post("/environments/external", dependencies=[may(Permission.REGISTER)])
async def create(visit: Visiting, by: By) -> Response:
    """Register it; the next page says how to connect it."""
    return await run_in_threadpool(_create, visit, _typed(dict(await visit.request.form())), by)


@router.post("/environments/{name}/external", dependencies=[may(Permission.EDIT)])
async def edit(visit: Visiting, name: str, by: By) -> Response:
    """Save what may be changed: everything but its name and its system."""
    return await run_in_threadpool(_edit, visit, name, _typed(dict(await visit.request.form())), by)


def settings(visit: Visit, one: Environment, spec: ExternalSpec) -> Response:
    """The settings as they are stored."""
    given = " ".join(f"{key}={value}" for key, value in one.labels.items())
    typed = {"name": one.name, "system": spec.system, "called": spec.name, "mode": one.mode.value}
    return _settings(visit, _form({**typed, "repo_url": one.source.repo_url, "labels": given}, editing=one.name))


def _create(visit: Visit, typed: Mapping[str, str], by: Actor) -> Response:
    try:
        made = visit.use_cases.registration.create(_specification(typed), by)
    except (InvalidInput, EnvironmentExists) as problem:
        return _new(visit, _refused(typed, problem, ""), HTTPStatus.UNPROCESSABLE_ENTITY)
    body = f"Connect {title_of(typed['system'])} now: make a secret, and copy what stands here."
    return render.done(visit.request, links.environment(made.name, "pipeline"), f"{made.name} is registered", body)


def _edit(visit: Visit, name: str, typed: Mapping[str, str], by: Actor) -> Response:
    one = visit.queries.environments.get(visit.who, name)
    given = _specification({**typed, "name": name, "system": one.external.system if one.external else ""})
    labels_now = {**dict.fromkeys(one.labels), **given["labels"]}
    change = {**given, "labels": labels_now, "source": {"repo_url": typed["repo_url"] or None}}
    try:
        saved = visit.use_cases.registration.edit(name, change, by)
    except Problem as problem:
        return _settings(visit, _refused({**typed, "name": name}, problem, name), HTTPStatus.UNPROCESSABLE_ENTITY)
    title = "Saved" if saved.version != one.version else "Nothing was different"
    return render.done(visit.request, links.environment(name, "settings"), title)


def _typed(sent: Mapping[str, object]) -> dict[str, str]:
    return {name: clean(str(sent.get(name) or "")).strip()[:2000] for name in FIELDS}


def _specification(typed: Mapping[str, str]) -> dict[str, Any]:
    given: dict[str, Any] = {
        "name": typed["name"], "runs_on": RunsOn.EXTERNAL.value, "labels": labels(typed["labels"]),
        "external": {"system": typed["system"], "name": typed["called"]},
    }  # fmt: skip
    given |= {"mode": typed["mode"]} if typed["mode"] else {}
    return given | ({"source": {"repo_url": typed["repo_url"]}} if typed["repo_url"] else {})


def _form(
    typed: Mapping[str, str], errors: Mapping[str, str] | None = None, problem: str = "", editing: str = ""
) -> ExternalForm:
    systems = tuple((one.name, one.title) for one in SYSTEMS.values())
    return ExternalForm({**dict.fromkeys(FIELDS, ""), **typed}, errors or {}, problem, editing, systems)


def _refused(typed: Mapping[str, str], problem: Problem, editing: str) -> ExternalForm:
    """The form again, with what is wrong at the field that it is about."""
    errors = {PLACES.get(name, name.partition(".")[0]): text for name, text in problem.fields.items()}
    if isinstance(problem, EnvironmentExists):
        errors["name"] = "is taken; choose another"
    return _form(typed, errors, "" if errors else problem.detail, editing)


def _new(visit: Visit, form: ExternalForm, status: int = HTTPStatus.OK) -> Response:
    return render.page(
        visit.request, "environments/new_external.html", NewExternalView(form), nav="overview", status=status
    )


def _settings(visit: Visit, form: ExternalForm, status: int = HTTPStatus.OK) -> Response:
    above = top(visit.queries, visit.who, form.editing, "settings")
    context = ExternalSettingsView(above.head, above.notices, form)
    return show(visit.request, "environments/external_settings.html", context, status=status)
