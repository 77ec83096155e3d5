"""Who is refused at the API again and again hears so at a bounded rate; whoever is let in is never counted.

A wrong token costs a look into the database and an audit reader's patience. It cannot keep a good token from the same
address out: what is counted is answers, and only a refusal is answered otherwise.
"""

from __future__ import annotations

import json
import math
import time
from collections import OrderedDict
from collections.abc import Callable

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.domain.errors import AgentRevoked
from app.services.security.log_in_throttle import place_of
from app.web.requests.problem_documents import problem_body

REFUSALS, WINDOW_S = 300, 300
PLACES = 4096  # addresses that are remembered, those that were refused last
POLICY = f'"refused";q={REFUSALS};w={WINDOW_S}'


class RefusedCallers:
    """ASGI middleware: counts answers 401 of the API by address; beyond the limit they become 429 with Retry-After."""

    def __init__(self, app: ASGIApp, *, now: Callable[[], float] = time.monotonic) -> None:
        self._app, self._now = app, now
        self._counts: OrderedDict[str, tuple[float, int]] = OrderedDict()  # when its window began, and refusals since

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not scope["path"].startswith("/api/"):
            return await self._app(scope, receive, send)
        replaced = False

        async def counted(message: Message) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start" and message["status"] == 401 and not _is_revoked(scope):
                left, reset_s = self._refused(place_of((scope.get("client") or (None,))[0]))
                headers = MutableHeaders(scope=message)
                headers["RateLimit-Policy"] = POLICY
                headers["RateLimit"] = f'"refused";r={max(0, left)};t={reset_s}'
                if replaced := left < 0:
                    await _too_many(message, headers, reset_s, send)
            if not replaced:
                await send(message)

        return await self._app(scope, receive, counted)

    def _refused(self, place: str) -> tuple[int, int]:
        """Count one refusal; how many are left (below zero: none), and in how many seconds all are again."""
        now = self._now()
        began, count = self._counts.pop(place, (now, 0))
        if now - began >= WINDOW_S:
            began, count = now, 0
        self._counts[place] = (began, count + 1)
        if len(self._counts) > PLACES:
            self._counts.popitem(last=False)
        return REFUSALS - count - 1, max(1, math.ceil(began + WINDOW_S - now))


def _is_revoked(scope: Scope) -> bool:
    """A revoked agent is known, and has to hear that it is."""
    return isinstance(scope.get("state", {}).get("problem"), AgentRevoked)


async def _too_many(message: Message, headers: MutableHeaders, wait_s: int, send: Send) -> None:
    text = "Too many requests from this address had no valid token; those that have one are let in."
    body = json.dumps(problem_body(429, "too_many_attempts", text)).encode()
    del headers["WWW-Authenticate"]
    headers["Content-Length"], headers["Retry-After"] = str(len(body)), str(wait_s)
    await send({**message, "status": 429, "headers": headers.raw})
    await send({"type": "http.response.body", "body": body, "more_body": False})
