"""The ledger."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from app.domain.errors import InvalidInput
from app.domain.events import EventType
from app.web.api.lists import After, Limit, number
from app.web.api.schemas import Items
from app.web.api.shapes import event_json, page_json
from app.web.deps import Cases, Who

router = APIRouter(tags=["ledger"])


@router.get("/events", response_model=Items)
def list_events(
    cases: Cases,
    _: Who,
    limit: Limit = 100,
    after: After = None,
    environment: Annotated[str, Query(max_length=200)] = "",
    operation: Annotated[str, Query(max_length=100)] = "",
    type: Annotated[str, Query(max_length=100)] = "",
) -> Any:
    """Events behind an id, oldest first; `next` is the id to go on from, null at the end."""
    types = [one for one in EventType if one.value == type]
    if type and not types:
        raise InvalidInput(fields={"type": f"must be one of {', '.join(one.value for one in EventType)}"})
    with cases.world.store.read() as tx:
        id = tx.environments.get(environment).id if environment else None
        start = number(after) or 0
        events = tx.ledger.page(start, limit + 1, environment_id=id, operation=operation or None, types=types)
    more = len(events) > limit
    return page_json([event_json(one) for one in events[:limit]], events[limit - 1].id if more else None)
