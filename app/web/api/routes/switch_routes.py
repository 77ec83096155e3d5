"""Switching an environment between push and pull, server and agent; and a shadow beside what it shadows."""

from __future__ import annotations

from typing import Any

from fastapi import Response

from app.domain.agents.wire import encode
from app.domain.environment import Environment
from app.domain.permissions import Permission
from app.domain.specification.kind_catalogue import KindCatalogue
from app.queries.comparisons.shadow_pairs import Pair
from app.services.environments.switching import SwitchPlan, side
from app.web.api.fields import Name
from app.web.api.openapi import problems
from app.web.api.request_bodies.bodies import SwitchBody
from app.web.api.response_models import Items, ShadowPair, Switched, reply
from app.web.api.serializers.domain_json import at, environment_json, page_json
from app.web.api.serializers.pinned_values import with_fingerprints, without_fingerprints
from app.web.requests.permission_check import By, Who, may
from app.web.requests.route_dependencies import Cases, Reads
from app.web.requests.routers import api_router

router = api_router("environments")


@router.post(
    "/environments/{name}/switches",
    status_code=201,
    response_model=Switched,
    responses=problems(409, 424),
    dependencies=[may(Permission.SWITCH)],
)
def switch(name: Name, body: SwitchBody, use_cases: Cases, queries: Reads, who: Who, by: By) -> Response:
    """Switch at the same place, without delivering anything anew."""
    kinds = queries.targets.kinds()
    change = without_fingerprints(kinds, body.model_dump(exclude_unset=True, exclude={"agent", "reason"}))
    made = use_cases.switching.switch(name, change, by, body.reason, body.agent)
    shown = environment_json(queries.environments.get(who, name), kinds, queries.now())
    return reply({**shown, "switch": switch_json(made, kinds)}, 201, ETag=f'"{made.after.version}"')


def switch_json(made: SwitchPlan, kinds: KindCatalogue) -> dict[str, Any]:
    """What was switched."""
    return {
        "at": at(made.at),
        "by": made.by,
        "reason": made.reason,
        "from": _shown(made.before, kinds),
        "to": _shown(made.after, kinds),
        "effects": list(made.effects),
        "carried": list(made.carried),
        "left_behind": list(made.left),
    }


def _shown(one: Environment, kinds: KindCatalogue) -> dict[str, Any]:
    shown = side(one)
    return {**encode(shown), "target": with_fingerprints(kinds, shown.target)}


@router.get("/environments/{name}/shadow", response_model=Items[ShadowPair], dependencies=[may(Permission.VIEW)])
def shadow(name: Name, queries: Reads, who: Who) -> Response:
    """The same commits as they were delivered and as a shadow of the same target would have delivered them."""
    return reply(page_json([pair_json(one) for one in queries.shadows.pairs(who, name)], None))


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
