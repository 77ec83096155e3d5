"""Switching from the page. A server that was never seen is set before the person by its fingerprint first."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from app.domain.actor import Actor
from app.domain.environment import RunsOn
from app.domain.permissions import Permission
from app.services.environments.switching import SwitchPlan
from app.services.use_cases import UseCases
from app.web.pages.environments.forms import pin_confirmation
from app.web.pages.environments.forms.switch_form import Asked, Sent
from app.web.pages.environments.registration_views import settings_page
from app.web.rendering import links, render
from app.web.requests.permission_check import By, may
from app.web.requests.route_dependencies import Cases

router = APIRouter()


@router.post("/environments/{name}/switches", dependencies=[may(Permission.SWITCH)])
async def switch(request: Request, use_cases: Cases, by: By, name: str) -> Response:
    """Switch, and come back to the environment's page."""
    sent = Sent.of(use_cases.ports.targets.kinds(), dict(await request.form()))
    return await run_in_threadpool(_switch, request, use_cases, by, name, sent)


def _switch(request: Request, use_cases: UseCases, by: Actor, name: str, sent: Sent) -> Response:
    change, agent = sent.change(use_cases.ports.targets.kinds()), sent.move_agent or None
    wanted = use_cases.switching.prospect(name, change, agent)
    asked = _asked(use_cases, wanted, sent)
    if asked:
        return settings_page(request, use_cases, wanted.before, asked, HTTPStatus.UNPROCESSABLE_ENTITY)
    made = use_cases.switching.switch(name, change, by, sent.switch_reason or sent.move_reason, agent)
    where = "an agent" if made.after.runs_on is RunsOn.AGENT else "this server"
    title = f"{name} is {made.after.mode.value}, by {where}, from now on"
    body = " ".join(("Nothing was delivered anew. A comparison follows.", *made.left))
    return render.done(request, links.environment(name), title, body)


def _asked(use_cases: UseCases, wanted: SwitchPlan, sent: Sent) -> Asked | None:
    """The question whether it is that server, where what it shows is nothing that anybody has confirmed."""
    before, after, targets = wanted.before.target, wanted.after.target, use_cases.ports.targets
    kinds = targets.kinds()
    pins = [one for one in kinds[after.kind].fields if one.pin]
    if wanted.after.runs_on is RunsOn.AGENT or not pins or any(one.name in sent.beside for one in pins):
        return None
    found = targets.complete(after, before)
    if set(kinds.pins(found)) <= set(kinds.pins(before)):
        return None
    pin, seen = pins[0].pin, {one.name: str(found.option(one.name) or "") for one in pins}
    return Asked(pin.question, pin_confirmation.told(use_cases, found, pin), sent.again(**seen)) if pin else None
