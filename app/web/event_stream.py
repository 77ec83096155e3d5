"""Server-sent events: a doorbell for pages, the ledger itself for scripts. No transaction is held while waiting."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from app.domain.errors import Problem
from app.domain.identity import Identity
from app.domain.permissions import Permission
from app.notifications import InProcessNotifier
from app.notifications.in_process_notifier import Listener
from app.web.api.serializers.domain_json import event_json
from app.web.pages.query_parameters import number
from app.web.requests.permission_check import Who, admit, may
from app.web.requests.route_dependencies import Reads, installed_queries
from app.web.requests.routers import LateRoute

LIFE_S = 600.0
BEAT_S = 15.0
PAUSE_S = 0.2  # between two rings to the same listener: a busy installation does not make its pages busier
BATCH = 200
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

router = APIRouter(route_class=LateRoute)


def frame(name: str, data: Any, id: int | None = None) -> bytes:
    """One event on the wire."""
    lines = [f"id: {id}"] if id is not None else []
    return "\n".join((*lines, f"event: {name}", f"data: {json.dumps(data, separators=(',', ':'))}", "", "")).encode()


class EventStream:
    """One client's stream: it ends with its life, the server, or the client's right to listen."""

    def __init__(self, request: Request, who: Identity) -> None:
        self._request, self._who = request, who
        self._bus: InProcessNotifier = request.app.state.bus
        self._queries = installed_queries(request)
        self._loop = asyncio.get_running_loop()
        self._ends = self._loop.time() + LIFE_S

    async def doorbell(self) -> AsyncIterator[bytes]:
        """Which things changed, by name: "ledger", "environment-NAME"; the ids are the ledger's."""
        listener = self._enter()
        try:
            yield b"retry: 2000\n\n"
            while self._open():
                topics = await listener.wait(BEAT_S)
                last = await self._last_id()
                if last is None:
                    return
                for topic in sorted(topics):
                    if topic == "ledger" or topic.startswith("environment-"):
                        yield frame(topic, {"last": last}, last)
                if not topics:
                    yield b": beat\n\n"
                await self._pause()
        finally:
            self._leave(listener)

    async def ledger(self, after: int) -> AsyncIterator[bytes]:
        """Every event after an id, as they are committed."""
        listener = self._enter()
        try:
            yield b"retry: 2000\n\n"
            while self._open():
                events = await run_in_threadpool(self._more, after)
                if events is None:
                    return
                for event in events:
                    after = event["id"]
                    yield frame(event["type"], event, after)
                if len(events) < BATCH and not await listener.wait(BEAT_S):
                    yield b": beat\n\n"
        finally:
            self._leave(listener)

    def _open(self) -> bool:
        return self._loop.time() < self._ends and not self._bus.closed

    def _enter(self) -> Listener:
        self._request.app.state.metrics.streams.inc()
        return self._bus.listen()

    def _leave(self, listener: Listener) -> None:
        self._request.app.state.metrics.streams.dec()
        self._bus.leave(listener)

    async def _pause(self) -> None:
        if not self._bus.closed:
            await asyncio.sleep(PAUSE_S)

    def _allowed(self) -> bool:
        """Whether the identity still holds: a revoked token or an ended session ends its streams."""
        try:
            admit(self._request, Permission.VIEW)
        except Problem:
            return False
        return not self._bus.closed

    def _more(self, after: int) -> list[dict[str, Any]] | None:
        if not self._allowed():
            return None
        return [event_json(event) for event in self._queries.events.after(self._who, after, BATCH)]

    async def _last_id(self) -> int | None:
        """The ledger's end, None where the stream has to end."""

        def look() -> int | None:
            if not self._allowed():
                return None
            return self._queries.events.last_id(self._who)

        return await run_in_threadpool(look)


@router.get("/events/stream", include_in_schema=False, dependencies=[may(Permission.VIEW)])
async def doorbell(request: Request, who: Who) -> StreamingResponse:
    """The pages' doorbell."""
    return StreamingResponse(EventStream(request, who).doorbell(), media_type="text/event-stream", headers=HEADERS)


@router.get(
    "/api/v1/events/stream",
    include_in_schema=False,  # it does not end; the document tells of it in words
    dependencies=[may(Permission.VIEW)],
)
async def follow(
    request: Request,
    queries: Reads,
    who: Who,
    after: Annotated[int | None, Query(ge=0, le=2**62, description="Start behind this event id.")] = None,
    last_event_id: Annotated[str | None, Header(max_length=40, description="Sent by reconnecting clients.")] = None,
) -> StreamingResponse:
    """Server-sent events, one per ledger entry: `event` is its type, `id` its id, `data` the entry as JSON.

    Without a starting point only what is new is sent. A stream ends after ten minutes; connect again with the last id.
    """
    start = number(last_event_id or "")
    start = after if start is None else start
    if start is None:
        start = await run_in_threadpool(queries.events.last_id, who)
    return StreamingResponse(EventStream(request, who).ledger(start), media_type="text/event-stream", headers=HEADERS)
