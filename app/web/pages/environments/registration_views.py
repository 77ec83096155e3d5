"""Registering and editing an environment. The form checks as one types, and keeps what was typed when it is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool

from app.domain.actor import Actor
from app.domain.environment import Environment, RunsOn
from app.domain.errors import (
    EnvironmentChanged,
    EnvironmentExists,
    InvalidInput,
    OperationInProgress,
    Problem,
)
from app.domain.permissions import Permission
from app.web.pages.environments.environment_view import Top, show, top
from app.web.pages.environments.external import external_form
from app.web.pages.environments.forms import environment_form as forms
from app.web.pages.environments.forms.environment_form import Form
from app.web.pages.environments.forms.pin_confirmation import unconfirmed
from app.web.pages.environments.forms.switch_form import Asked, SwitchForm, switch_form
from app.web.pages.environments.forms.target_form import looked_up
from app.web.rendering import links, render
from app.web.requests.permission_check import By, may
from app.web.requests.route_dependencies import Later
from app.web.requests.routers import page_router
from app.web.requests.visit import Visit, Visiting
from app.wording.switch_effects import left_behind

FORM = "environment_form"
CONFIRM = "Confirm the server's {noun}: compare its fingerprint below, then save again."
router = page_router()


@dataclass(frozen=True, slots=True)
class RegistrationView:
    """The context of environments/new.html."""

    form: Form


@dataclass(frozen=True, slots=True)
class SettingsView(Top):
    """The context of environments/settings.html."""

    form: Form
    switch: SwitchForm


@router.get("/environments/new", dependencies=[may(Permission.VIEW)])
def new(visit: Visiting, mode: str = "pull") -> Response:
    """An empty form."""
    typed = {**forms.fresh(visit.queries.targets.kinds()), "mode": mode if mode in ("push", "pull") else "pull"}
    return _new(visit.request, forms.form(visit, typed))


def _new(request: Request, shown: Form, status: int = HTTPStatus.OK) -> Response:
    return render.page(
        request, "environments/new.html", RegistrationView(shown), nav="overview", regions=(FORM,), status=status
    )


@router.get("/environments/{name}/settings", dependencies=[may(Permission.VIEW)])
def settings(visit: Visiting, name: str) -> Response:
    """The environment's specification, to edit."""
    one = visit.queries.environments.get(visit.who, name)
    return external_form.settings(visit, one, one.external) if one.external else settings_page(visit, one)


def settings_page(visit: Visit, one: Environment, asked: Asked | None = None, status: int = HTTPStatus.OK) -> Response:
    """The settings as they are stored; `asked`: what has to be answered before a switch."""
    return _settings(
        visit,
        forms.form(visit, forms.of_environment(visit.queries.targets.kinds(), one), one),
        status,
        asked,
    )


def _settings(visit: Visit, shown: Form, status: int = HTTPStatus.OK, asked: Asked | None = None) -> Response:
    above = top(visit.queries, visit.who, shown.editing, "settings")
    switch = switch_form(visit, above.head.environment, asked)
    context = SettingsView(above.head, above.notices, shown, switch)
    return show(visit.request, "environments/settings.html", context, (FORM,), status)


def _again(visit: Visit, shown: Form, status: int = HTTPStatus.OK) -> Response:
    return _settings(visit, shown, status) if shown.editing else _new(visit.request, shown, status)


@router.post("/environments/checks", dependencies=[may(Permission.CHECK)])
async def check(visit: Visiting) -> Response:
    """Messages for the values typed so far; with `test`, also a test of the repository. Nothing is saved."""
    sent = dict(await visit.request.form())
    return await run_in_threadpool(_checked, visit, sent)


def _checked(visit: Visit, sent: Mapping[str, object]) -> Response:
    typed, one = forms.typed_values(visit.queries.targets.kinds(), sent), _edited(visit, sent)
    host = None
    if sent.get("look_up"):
        typed, host = looked_up(visit, typed, forms.number)
    errors, problem = _wrong(visit, typed, one)
    own = {name: text for name, text in errors.items() if typed[name]}
    shown = forms.form(visit, typed, one, errors=own, problem=problem, host=host)
    if sent.get("test"):
        shown = replace(shown, finding=forms.tested(visit, typed))
    return _again(visit, shown)


def _edited(visit: Visit, sent: Mapping[str, object]) -> Environment | None:
    """The environment that the form is about, at the version that it was filled from."""
    name, version = str(sent.get("editing") or ""), str(sent.get("version") or "")
    if not name:
        return None
    one = visit.queries.environments.get(visit.who, name)
    return replace(one, version=int(version)) if version.isascii() and version.isdigit() and len(version) < 10 else one


def _wrong(visit: Visit, typed: Mapping[str, str], one: Environment | None) -> tuple[dict[str, str], str]:
    try:
        kinds = visit.queries.targets.kinds()
        given = forms.specification(kinds, {**typed, "name": one.name} if one else typed)
        visit.use_cases.registration.checked({**given, "runs_on": one.runs_on.value} if one else given)
    except InvalidInput as problem:
        return forms.placed(problem.fields, typed)
    taken = one is None and visit.queries.environments.taken(visit.who, typed["name"])
    return ({"name": "is taken; choose another"} if taken else {}, "")


@router.post("/environments", dependencies=[may(Permission.REGISTER)])
async def create(visit: Visiting, by: By, later: Later) -> Response:
    """Register it, and look at it for the first time in the background."""
    typed = forms.typed_values(visit.queries.targets.kinds(), dict(await visit.request.form()))
    return await run_in_threadpool(_create, visit, typed, by, later)


def _create(visit: Visit, typed: Mapping[str, str], by: Actor, later: Later) -> Response:
    if asked := _unconfirmed(visit, typed, None):
        return asked
    try:
        made = visit.use_cases.registration.create(forms.specification(visit.queries.targets.kinds(), typed), by)
    except (InvalidInput, EnvironmentExists) as problem:
        return _refused(visit, typed, None, problem)
    later.run("first look", lambda: visit.use_cases.registration.first_look(made))
    away = made.runs_on is RunsOn.AGENT
    body = f"Its first look at Git follows {'when its agent is enrolled' if away else 'by itself'}."
    return render.done(visit.request, links.environment(made.name), f"{made.name} is registered", body)


@router.post("/environments/{name}/edit", dependencies=[may(Permission.EDIT)])
async def edit(visit: Visiting, name: str, by: By) -> Response:
    """Save the settings, unless another person saved them meanwhile."""
    sent = dict(await visit.request.form())
    return await run_in_threadpool(_edit, visit, {**sent, "editing": name}, by)


def _edit(visit: Visit, sent: Mapping[str, object], by: Actor) -> Response:
    typed, one = forms.typed_values(visit.queries.targets.kinds(), sent), _edited(visit, sent)
    assert one is not None
    if asked := _unconfirmed(visit, typed, one):
        return asked
    kinds = visit.queries.targets.kinds()
    try:
        saved = visit.use_cases.registration.edit(one.name, forms.change(kinds, typed, one), by, version=one.version)
    except (InvalidInput, EnvironmentChanged, OperationInProgress) as problem:
        return _refused(visit, typed, one, problem)
    changed = saved.version != one.version
    left = left_behind(kinds, one, saved, same_place=False)
    title, body = ("Saved", " ".join(("A refresh follows.", *left))) if changed else ("Nothing was different", "")
    return render.done(visit.request, links.environment(one.name, "settings"), title, body, "ok" if changed else "none")


def _unconfirmed(visit: Visit, typed: Mapping[str, str], one: Environment | None) -> Response | None:
    """The form again with what saving would pin (a host key), for the person to confirm; None if there is none."""
    here = one.runs_on is RunsOn.SERVER if one else typed["runs_on"] in ("", RunsOn.SERVER.value)
    pin = unconfirmed(visit.queries.targets.kinds(), typed, one.target if one else None)
    if not here or pin is None or any(_wrong(visit, typed, one)):
        return None
    found, host = looked_up(visit, typed, forms.number)
    problem = CONFIRM.format(noun=pin.noun) if host.confirm else host.title
    shown = forms.form(visit, {**found, "name": one.name} if one else found, one, problem=problem, host=host)
    return _again(visit, shown, HTTPStatus.UNPROCESSABLE_ENTITY)


def _refused(visit: Visit, typed: Mapping[str, str], one: Environment | None, problem: Problem) -> Response:
    """The form again, with what was typed and what is wrong with it."""
    errors, others = forms.placed(problem.fields, typed)
    if isinstance(problem, EnvironmentExists):
        errors["name"] = "is taken; choose another"
    if isinstance(problem, EnvironmentChanged):
        others = "Somebody else edited it meanwhile. Your changes stand below, unsaved: reload the page to see theirs."
    message = others or ("" if errors else problem.detail)
    shown = forms.form(visit, {**typed, "name": one.name} if one else typed, one, errors=errors, problem=message)
    return _again(visit, shown, HTTPStatus.UNPROCESSABLE_ENTITY)
