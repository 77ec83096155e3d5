"""Switching an environment between push and pull, server and agent; and a shadow beside what it shadows."""

from __future__ import annotations

from typing import Any

from fastapi import Response

from app.domain.environment import Environment
from app.services.environments.shadow_pairs import Pair
from app.services.environments.switching import SwitchPlan, side
from app.web.api.fields import Name
from app.web.api.openapi import problems
from app.web.api.request_bodies.bodies import SwitchBody
from app.web.api.response_models import Items, ShadowPair, Switched, reply
from app.web.api.serializers.domain_json import at, environment_json, page_json
from app.web.api.serializers.host_keys import with_fingerprints, without_fingerprints
from app.web.requests.route_dependencies import By, Cases, Who
from app.web.requests.routers import api_router

router = api_router("environments")


@router.post("/environments/{name}/switches", status_code=201, response_model=Switched, responses=problems(409, 424))
def switch(name: Name, body: SwitchBody, use_cases: Cases, by: By) -> Response:
    """Switch at the same place, without delivering anything anew."""
    change = without_fingerprints(body.model_dump(exclude_unset=True, exclude={"agent", "reason"}))
    made = use_cases.switching.switch(name, change, by, body.reason, body.agent)
    with use_cases.ports.store.read() as tx:
        shown = environment_json(tx.environments.get(name), use_cases.ports.clock.now())
    return reply({**shown, "switch": switch_json(made)}, 201, ETag=f'"{made.after.version}"')


def switch_json(made: SwitchPlan) -> dict[str, Any]:
    """What was switched."""
    return {
        "at": at(made.at),
        "by": made.by,
        "reason": made.reason,
        "from": _shown(made.before),
        "to": _shown(made.after),
        "effects": list(made.effects),
        "carried": list(made.carried),
        "left_behind": list(made.left),
    }


def _shown(one: Environment) -> dict[str, Any]:
    told = side(one)
    return {**told, "target": with_fingerprints(told["target"])}


@router.get("/environments/{name}/shadow", response_model=Items[ShadowPair])
def shadow(name: Name, use_cases: Cases, _: Who) -> Response:
    """The same commits as they were delivered and as a shadow of the same target would have delivered them."""
    return reply(page_json([pair_json(one) for one in use_cases.shadowing.pairs(name)], None))


def pair_json(one: Pair) -> dict[str, Any]:
    """One commit."""
    return {
        "revision": one.revision,
        "subject": one.subject,
        "environment": one.environment,
        "shadow": one.shadow,
        "live_at": at(one.live_at),
        "would_at": at(one.would_at),
        "difference_s": one.difference_s,
    }
