"""Switching from the page. A server that was never seen is set before the person by its fingerprint first."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Request, Response

from app.domain.environment import RunsOn
from app.services.environments.switching import SwitchPlan
from app.services.use_cases import UseCases
from app.web.pages.environments.forms import host_key_confirmation
from app.web.pages.environments.forms.switch_form import Asked, Sent
from app.web.pages.environments.registration_views import settings_page
from app.web.pages.form_fields import line
from app.web.rendering import links, render
from app.web.requests.route_dependencies import Cases
from app.web.requests.routers import page_router
from app.web.requests.visitor import By

router = page_router()


@router.post("/environments/{name}/switches")
def switch(request: Request, use_cases: Cases, by: By, name: str, sent: Annotated[Sent, Depends()]) -> Response:
    """Switch, and come back to the environment's page."""
    reason, agent = line(sent.switch_reason or sent.move_reason), line(sent.move_agent) or None
    wanted = use_cases.switching.prospect(name, sent.change(), agent)
    asked = _asked(use_cases, wanted, sent)
    if asked:
        return settings_page(request, use_cases, wanted.before, asked, HTTPStatus.UNPROCESSABLE_ENTITY)
    made = use_cases.switching.switch(name, sent.change(), by, reason, agent)
    where = "an agent" if made.after.runs_on is RunsOn.AGENT else "this server"
    title = f"{name} is {made.after.mode.value}, by {where}, from now on"
    body = " ".join(("Nothing was delivered anew. A comparison follows.", *made.left))
    return render.done(request, links.environment(name), title, body)


def _asked(use_cases: UseCases, wanted: SwitchPlan, sent: Sent) -> Asked | None:
    """The question whether it is that server, where its key is one that nobody has confirmed."""
    before, after = wanted.before.target, wanted.after.target
    if wanted.after.runs_on is RunsOn.AGENT or after.kind != "ssh" or line(sent.move_host_key):
        return None
    found = use_cases.ports.targets.complete(after, before)
    if set(host_key_confirmation.pinned(found)) <= set(host_key_confirmation.pinned(before)):
        return None
    values = {**asdict(sent), "move_host_key": str(found.option("host_key") or "")}
    return Asked(host_key_confirmation.told(use_cases, found), {name: text for name, text in values.items() if text})
