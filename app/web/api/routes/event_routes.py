"""The ledger."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response

from app.domain.events import EventType
from app.domain.permissions import Permission
from app.web.api.cursors import number
from app.web.api.fields import AfterNumber, Limit, Text
from app.web.api.openapi import problems
from app.web.api.response_models import Event, Items, reply
from app.web.api.serializers.domain_json import event_json, page_json
from app.web.requests.permission_check import Who, may
from app.web.requests.route_dependencies import Reads
from app.web.requests.routers import api_router

router = api_router("ledger")
Types = Annotated[list[EventType], Query(max_length=30, description="Only events of these types.")]


@router.get("/events", response_model=Items[Event], responses=problems(404), dependencies=[may(Permission.VIEW)])
def list_events(
    queries: Reads,
    who: Who,
    limit: Limit = 100,
    after: AfterNumber = "",
    environment: Text = "",
    operation: Text = "",
    type: Types = [],  # noqa: B006
    newest: Annotated[bool, Query(description="Only the newest, where there are more than `limit`.")] = False,
) -> Response:
    """Events behind an id, oldest first; `next` is the id to go on from, null at the end."""
    events = queries.events.after(who, number(after) or 0, limit + (not newest), environment=environment,
                                  operation=operation or None, types=type, newest=newest)  # fmt: skip
    more = len(events) > limit
    return reply(page_json([event_json(one) for one in events[:limit]], events[limit - 1].id if more else None))
