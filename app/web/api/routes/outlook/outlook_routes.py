"""What an environment's own ledger lets one conclude: what the other mode would have given, what to choose."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response

from app.comparison.outlook.what_if import MAX_S
from app.domain.permissions import Permission
from app.web.api.fields import Name
from app.web.api.response_models import Advice, WhatIf, reply
from app.web.api.routes.comparison_routes import Window
from app.web.api.serializers.outlook_json import advice_json, what_if_json
from app.web.requests.permission_check import Who, may
from app.web.requests.route_dependencies import Reads
from app.web.requests.routers import api_router

router = api_router("comparison")
Interval = Annotated[
    float | None,
    Query(ge=1, le=MAX_S, description="Seconds between two polls; the environment's own interval without it."),
]
Delay = Annotated[
    float | None,
    Query(
        ge=0,
        le=MAX_S,
        description="Seconds from a commit's being visible to its pipeline's call; without it, as measured at the "
        "environments that are pushed to.",
    ),
]


@router.get("/environments/{name}/what-if", response_model=WhatIf, dependencies=[may(Permission.VIEW)])
def what_if(
    name: Name,
    queries: Reads,
    who: Who,
    interval_s: Interval = None,
    pipeline_s: Delay = None,
    window: Window = "30d",
) -> Response:
    """What was measured beside what the other mode would have given, reckoned from the same commits."""
    return reply(what_if_json(queries.outlook.what_if(who, name, interval_s, pipeline_s, window)))


@router.get("/environments/{name}/advice", response_model=Advice, dependencies=[may(Permission.VIEW)])
def advice(name: Name, queries: Reads, who: Who, window: Window = "30d") -> Response:
    """Push, pull, or pull that a webhook nudges, with what was measured for and against; or why there is no advice."""
    return reply(advice_json(queries.outlook.advice(who, name, window)))
