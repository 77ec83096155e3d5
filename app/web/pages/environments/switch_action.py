"""The action "switch". An unknown server's fingerprint has to be confirmed first."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import Response
from fastapi.concurrency import run_in_threadpool

from app.domain.actor import Actor
from app.domain.environment import RunsOn
from app.domain.permissions import Permission
from app.services.environments.switching import SwitchPlan
from app.web.pages.environments.forms import pin_confirmation
from app.web.pages.environments.forms.switch_form import Asked, Sent
from app.web.pages.environments.registration_views import settings_page
from app.web.rendering import links, render
from app.web.requests.permission_check import By, may
from app.web.requests.routers import page_router
from app.web.requests.visit import Visit, Visiting

router = page_router()


@router.post("/environments/{name}/switches", dependencies=[may(Permission.SWITCH)])
async def switch(visit: Visiting, by: By, name: str) -> Response:
    """Switch, and come back to the environment's page."""
    sent = Sent.of(visit.queries.targets.kinds(), dict(await visit.request.form()))
    return await run_in_threadpool(_switch, visit, by, name, sent)


def _switch(visit: Visit, by: Actor, name: str, sent: Sent) -> Response:
    change, agent = sent.change(visit.queries.targets.kinds()), sent.move_agent or None
    wanted = visit.use_cases.switching.prospect(name, change, agent)
    asked = _asked(visit, wanted, sent)
    if asked:
        return settings_page(visit, wanted.before, asked, HTTPStatus.UNPROCESSABLE_ENTITY)
    made = visit.use_cases.switching.switch(name, change, by, sent.switch_reason or sent.move_reason, agent)
    where = "an agent" if made.after.runs_on is RunsOn.AGENT else "this server"
    title = f"{name} is {made.after.mode.value}, by {where}, from now on"
    body = " ".join(("Nothing was delivered anew. A refresh follows.", *made.left))
    return render.done(visit.request, links.environment(name), title, body)


def _asked(visit: Visit, wanted: SwitchPlan, sent: Sent) -> Asked | None:
    """The question to confirm the server's key; None if a person has confirmed it already."""
    before, after, kinds = wanted.before.target, wanted.after.target, visit.queries.targets.kinds()
    pins = [one for one in kinds[after.kind].fields if one.pin]
    if wanted.after.runs_on is RunsOn.AGENT or not pins or any(one.name in sent.beside for one in pins):
        return None
    found = visit.use_cases.switching.completed(wanted)
    if set(kinds.pins(found)) <= set(kinds.pins(before)):
        return None
    pin, seen = pins[0].pin, {one.name: str(found.option(one.name) or "") for one in pins}
    return Asked(pin.question, pin_confirmation.fingerprints(visit, found, pin), sent.again(**seen)) if pin else None
