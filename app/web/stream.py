"""Server-sent events: a doorbell for pages, the ledger itself for scripts. No transaction is held while waiting."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from app.domain.errors import Problem
from app.live import Bus
from app.web.api.shapes import event_json
from app.web.deps import Who, use_cases, who

LIFE_S = 600.0
BEAT_S = 15.0
BATCH = 200
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

router = APIRouter()


def _frame(name: str | None, data: Any, id: int | None = None) -> bytes:
    lines = [f"id: {id}"] if id is not None else []
    lines += [f"event: {name}"] if name else []
    lines.append(f"data: {json.dumps(data, separators=(',', ':'))}")
    return ("\n".join(lines) + "\n\n").encode()


async def _allowed(request: Request) -> bool:
    """Whether the identity still holds: a revoked token or an ended session ends its streams."""
    try:
        await run_in_threadpool(who, request)
    except Problem:
        return False
    return True


async def _doorbell(request: Request) -> AsyncIterator[bytes]:
    """Which things changed, by name: "ledger", "environment-NAME"."""
    bus: Bus = request.app.state.bus
    loop_time = request.app.state.loop_time
    listener, ends = bus.listen(), loop_time() + LIFE_S
    try:
        yield b"retry: 2000\n\n"
        while loop_time() < ends and not bus.closed:
            topics = await listener.wait(BEAT_S)
            if bus.closed or not await _allowed(request):
                return
            for topic in sorted(topics):
                if topic == "ledger" or topic.startswith("environment-"):
                    yield _frame(topic, {})
            if not topics:
                yield b": beat\n\n"
    finally:
        bus.leave(listener)


async def _ledger(request: Request, after: int) -> AsyncIterator[bytes]:
    """Every event after an id, as they are committed."""
    bus: Bus = request.app.state.bus
    loop_time = request.app.state.loop_time
    listener, ends = bus.listen(), loop_time() + LIFE_S
    store = use_cases(request).world.store

    def more() -> list[Any]:
        with store.read() as tx:
            return [event_json(event) for event in tx.ledger.page(after, BATCH)]

    try:
        yield b"retry: 2000\n\n"
        while loop_time() < ends and not bus.closed:
            events = await run_in_threadpool(more)
            for event in events:
                after = event["id"]
                yield _frame(event["type"], event, after)
            if len(events) == BATCH:
                continue
            if not await listener.wait(BEAT_S):
                yield b": beat\n\n"
            if bus.closed or not await _allowed(request):
                return
    finally:
        bus.leave(listener)


@router.get("/events/stream", include_in_schema=False)
async def doorbell(request: Request, _: Who) -> StreamingResponse:
    """The pages' doorbell."""
    return StreamingResponse(_doorbell(request), media_type="text/event-stream", headers=HEADERS)


@router.get(
    "/api/v1/events/stream",
    tags=["ledger"],
    summary="Follow the ledger",
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
    response_class=StreamingResponse,
)
async def follow(
    request: Request,
    _: Who,
    after: Annotated[int | None, Query(ge=0, le=2**62, description="Start behind this event id.")] = None,
    last_event_id: Annotated[str | None, Header(description="Sent by reconnecting clients.")] = None,
) -> StreamingResponse:
    """Server-sent events, one per ledger entry: `event` is its type, `id` its id, `data` the entry as JSON."""
    start = after
    if last_event_id and last_event_id.isdigit() and len(last_event_id) < 19:
        start = int(last_event_id)
    if start is None:
        with use_cases(request).world.store.read() as tx:
            start = tx.ledger.last_id()
    return StreamingResponse(_ledger(request, start), media_type="text/event-stream", headers=HEADERS)
