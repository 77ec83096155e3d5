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
    EnvironmentNotFound,
    InvalidInput,
    OperationInProgress,
    Problem,
)
from app.services.environments.switch_effects import left_behind
from app.services.use_cases import UseCases
from app.web.pages.environments.forms import environment_form as forms
from app.web.pages.environments.forms.environment_form import Form
from app.web.pages.environments.forms.host_key_confirmation import unconfirmed
from app.web.pages.environments.forms.switch_form import Asked, SwitchForm, switch_form
from app.web.pages.environments.forms.target_form import looked_up
from app.web.pages.environments.header import REGION, Head, head
from app.web.pages.environments.notices import Notice, notices
from app.web.rendering import links, render
from app.web.requests.route_dependencies import Cases, Later
from app.web.requests.routers import page_router
from app.web.requests.visitor import By, Visitor

FORM = "environment_form"
CONFIRM = "Confirm the server's host key: compare its fingerprint below, then save again."
router = page_router()


@dataclass(frozen=True, slots=True)
class RegistrationView:
    """What environments/new.html gets."""

    form: Form


@dataclass(frozen=True, slots=True)
class SettingsView:
    """What environments/settings.html gets."""

    head: Head
    notices: tuple[Notice, ...]
    form: Form
    switch: SwitchForm


@router.get("/environments/new")
def new(request: Request, use_cases: Cases, _: Visitor, mode: str = "pull") -> Response:
    """An empty form."""
    typed = {**forms.FRESH, "mode": mode if mode in ("push", "pull") else "pull"}
    return _new(request, forms.form(use_cases, typed))


def _new(request: Request, shown: Form, status: int = HTTPStatus.OK) -> Response:
    return render.page(
        request, "environments/new.html", RegistrationView(shown), nav="overview", regions=(FORM,), status=status
    )


@router.get("/environments/{name}/settings")
def settings(request: Request, use_cases: Cases, name: str, _: Visitor) -> Response:
    """The environment's specification, to edit."""
    with use_cases.ports.store.read() as tx:
        one = tx.environments.get(name)
    return settings_page(request, use_cases, one)


def settings_page(
    request: Request, use_cases: UseCases, one: Environment, asked: Asked | None = None, status: int = HTTPStatus.OK
) -> Response:
    """The settings as they are stored; `asked`: what has to be answered before a switch."""
    return _settings(request, use_cases, forms.form(use_cases, forms.of_environment(one), one), status, asked)


def _settings(
    request: Request, use_cases: UseCases, shown: Form, status: int = HTTPStatus.OK, asked: Asked | None = None
) -> Response:
    top = head(use_cases, shown.editing, "settings")
    context = SettingsView(top, notices(top), shown, switch_form(use_cases, top.environment, asked))
    regions = (REGION, FORM)
    return render.page(request, "environments/settings.html", context, nav="overview", regions=regions, status=status)


def _again(request: Request, use_cases: UseCases, shown: Form, status: int = HTTPStatus.OK) -> Response:
    return _settings(request, use_cases, shown, status) if shown.editing else _new(request, shown, status)


@router.post("/environments/checks")
async def check(request: Request, use_cases: Cases, _: Visitor) -> Response:
    """Messages for what was typed so far; with `test`, also a look at the repository. Nothing is saved."""
    sent = dict(await request.form())
    return await run_in_threadpool(_checked, request, use_cases, sent)


def _checked(request: Request, use_cases: UseCases, sent: Mapping[str, object]) -> Response:
    typed, one = forms.typed_values(sent), _edited(use_cases, sent)
    host = None
    if sent.get("look_up"):
        typed, host = looked_up(use_cases, typed, forms.number)
    errors, problem = _wrong(use_cases, typed, one)
    told = {name: text for name, text in errors.items() if typed[name]}
    shown = forms.form(use_cases, typed, one, errors=told, problem=problem, host=host)
    if sent.get("test"):
        shown = replace(shown, finding=forms.tested(use_cases, typed))
    return _again(request, use_cases, shown)


def _edited(use_cases: UseCases, sent: Mapping[str, object]) -> Environment | None:
    """The environment that the form is about, at the version that it was filled from."""
    name, version = str(sent.get("editing") or ""), str(sent.get("version") or "")
    if not name:
        return None
    with use_cases.ports.store.read() as tx:
        one = tx.environments.get(name)
    return replace(one, version=int(version)) if version.isascii() and version.isdigit() else one


def _wrong(use_cases: UseCases, typed: Mapping[str, str], one: Environment | None) -> tuple[dict[str, str], str]:
    try:
        given = forms.specification({**typed, "name": one.name} if one else typed)
        use_cases.registration.checked({**given, "runs_on": one.runs_on.value} if one else given)
    except InvalidInput as problem:
        return forms.placed(problem.fields, typed)
    return ({}, "") if one or not _taken(use_cases, typed["name"]) else ({"name": "is taken; choose another"}, "")


def _taken(use_cases: UseCases, name: str) -> bool:
    try:
        with use_cases.ports.store.read() as tx:
            tx.environments.get(name)
    except EnvironmentNotFound:
        return False
    return True


@router.post("/environments")
async def create(request: Request, use_cases: Cases, by: By, later: Later) -> Response:
    """Register it, and look at it for the first time in the background."""
    typed = forms.typed_values(dict(await request.form()))
    return await run_in_threadpool(_create, request, use_cases, typed, by, later)


def _create(request: Request, use_cases: UseCases, typed: Mapping[str, str], by: Actor, later: Later) -> Response:
    if asked := _unconfirmed(request, use_cases, typed, None):
        return asked
    try:
        made = use_cases.registration.create(forms.specification(typed), by)
    except (InvalidInput, EnvironmentExists) as problem:
        return _refused(request, use_cases, typed, None, problem)
    later.run("first look", lambda: use_cases.registration.first_look(made))
    body = "Its first look at Git follows by itself."
    return render.done(request, links.environment(made.name), f"{made.name} is registered", body)


@router.post("/environments/{name}/edit")
async def edit(request: Request, use_cases: Cases, name: str, by: By) -> Response:
    """Save the settings, unless somebody else did meanwhile."""
    sent = dict(await request.form())
    return await run_in_threadpool(_edit, request, use_cases, {**sent, "editing": name}, by)


def _edit(request: Request, use_cases: UseCases, sent: Mapping[str, object], by: Actor) -> Response:
    typed, one = forms.typed_values(sent), _edited(use_cases, sent)
    assert one is not None
    if asked := _unconfirmed(request, use_cases, typed, one):
        return asked
    try:
        saved = use_cases.registration.edit(one.name, forms.change(typed, one), by, version=one.version)
    except (InvalidInput, EnvironmentChanged, OperationInProgress) as problem:
        return _refused(request, use_cases, typed, one, problem)
    changed = saved.version != one.version
    left = left_behind(one, saved, same_place=False)
    title, body = ("Saved", " ".join(("A comparison follows.", *left))) if changed else ("Nothing was different", "")
    return render.done(request, links.environment(one.name, "settings"), title, body, "ok" if changed else "none")


def _unconfirmed(
    request: Request, use_cases: UseCases, typed: Mapping[str, str], one: Environment | None
) -> Response | None:
    """The form again with the host key that saving would pin, for the person to confirm; None if there is none."""
    here = one.runs_on is RunsOn.SERVER if one else typed["runs_on"] in ("", RunsOn.SERVER.value)
    if not here or not unconfirmed(typed, one.target if one else None) or any(_wrong(use_cases, typed, one)):
        return None
    found, host = looked_up(use_cases, typed, forms.number)
    problem = CONFIRM if host.tone == "warn" else host.title
    shown = forms.form(use_cases, {**found, "name": one.name} if one else found, one, problem=problem, host=host)
    return _again(request, use_cases, shown, HTTPStatus.UNPROCESSABLE_ENTITY)


def _refused(
    request: Request, use_cases: UseCases, typed: Mapping[str, str], one: Environment | None, problem: Problem
) -> Response:
    """The form again, with what was typed and what is wrong with it."""
    errors, others = forms.placed(problem.fields, typed)
    if isinstance(problem, EnvironmentExists):
        errors["name"] = "is taken; choose another"
    if isinstance(problem, EnvironmentChanged):
        others = "Somebody else edited it meanwhile. Your changes stand below, unsaved: reload the page to see theirs."
    told = others or ("" if errors else problem.detail)
    shown = forms.form(use_cases, {**typed, "name": one.name} if one else typed, one, errors=errors, problem=told)
    return _again(request, use_cases, shown, HTTPStatus.UNPROCESSABLE_ENTITY)
