"""Idempotency-Key: a change that a client sends twice, because it did not hear the answer, is made once."""

from __future__ import annotations

import asyncio
import hashlib
import re

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.domain.errors import DatabaseAway, InvalidInput, Problem, RequestInProgress, Retry
from app.domain.identity import Identity
from app.ports import KeptAnswer, KeyedRequest
from app.services.security.repeated_requests import RENEW_S, RequestKeys
from app.web.requests.browser_session import SAFE
from app.web.requests.guard import body_again
from app.web.requests.permission_check import AGENTS, identify
from app.web.requests.problem_documents import answer, status_of
from app.web.requests.route_dependencies import installed_use_cases
from app.web.requests.routers import API

HEADER = "idempotency-key"
KEY = re.compile(r"[\x21-\x7e]{1,255}\Z", re.ASCII)
LARGEST = 1024 * 1024  # bytes of an answer that is kept
ABOUT_THE_CALLER = (401, 403, 429)  # not what came of the request: its key stays free
NOT_KEPT = frozenset({"content-length", "set-cookie", "date"})


class Idempotency:
    """ASGI middleware within everything that changes an answer on its way: what it keeps is what the route said."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if not _keyed(scope):
            return await self._app(scope, receive, send)
        request = Request(scope)
        try:
            who = await run_in_threadpool(identify, request)
        except Problem:
            return await self._app(scope, receive, send)  # the route refuses it, in its words
        scope["state"]["actor"] = str(who.actor)
        body = await _body(receive)
        keys = installed_use_cases(request).request_keys
        try:
            claimed = await run_in_threadpool(_claim, keys, who, request, body)
        except Problem as problem:
            return await _refusal(problem)(scope, receive, send)
        if claimed.answer is not None:
            return await _replayed(claimed.answer)(scope, receive, send)
        held = await self._first(keys, claimed, scope, body_again(body, receive))
        for message in held.messages:
            await send(message)
        return None

    async def _first(self, keys: RequestKeys, mine: KeyedRequest, scope: Scope, receive: Receive) -> _Held:
        """Carry the request out. Its answer is stored before it is sent, so that who heard it is never told another."""
        held, alive = _Held(), asyncio.create_task(_stay_alive(keys, mine))
        kept = None
        try:
            await self._app(scope, receive, held.take)
            kept = None if _passes(scope) else held.kept()
        finally:
            alive.cancel()
            await run_in_threadpool(keys.end, mine, kept)
        return held


def _passes(scope: Scope) -> bool:
    """Whether the request was refused for a reason that passes by itself."""
    problem = scope["state"].get("problem")
    return isinstance(problem, Problem) and problem.retry is Retry.LATER


class _Held:
    """An answer that is not sent yet."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def take(self, message: Message) -> None:
        """The next message of the application."""
        self.messages.append(message)

    def kept(self) -> KeptAnswer | None:
        """The answer, where it is one to the request and of a size to keep."""
        if not self.messages:
            return None
        status, body = int(self.messages[0]["status"]), b"".join(one.get("body", b"") for one in self.messages[1:])
        if status in ABOUT_THE_CALLER or status >= 500 or len(body) > LARGEST:
            return None
        headers = Headers(raw=self.messages[0].get("headers", [])).items()
        return KeptAnswer(status, tuple(one for one in headers if one[0] not in NOT_KEPT), body)


def _keyed(scope: Scope) -> bool:
    """Whether it is a change through the API whose sender gave it a key; agents' commands have names of their own."""
    if scope["type"] != "http" or scope["method"] in SAFE:
        return False
    path: str = scope["path"]
    return path.startswith(f"{API}/") and not path.startswith(AGENTS) and HEADER in Headers(scope=scope)


def _claim(keys: RequestKeys, who: Identity, request: Request, body: bytes) -> KeyedRequest:
    given = request.headers.getlist(HEADER)
    key = given[0].strip()
    if len(key) > 1 and key[0] == key[-1] == '"':  # as the draft of its standard writes it
        key = key[1:-1]
    if len(given) > 1 or not KEY.match(key):
        hint = "must be given once, with 1 to 255 printable ASCII characters and no blanks"
        raise InvalidInput(fields={"Idempotency-Key": hint})
    target = request.scope.get("raw_path") or request.scope["path"].encode()
    parts = (request.method.encode(), target, request.scope.get("query_string", b""), body)
    digest = hashlib.sha256(b"".join(len(part).to_bytes(8, "big") + part for part in parts))
    return keys.claim(who, key, digest.hexdigest())


async def _body(receive: Receive) -> bytes:
    """The body, which the guard has gathered and bounded."""
    parts, more = [], True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


async def _stay_alive(keys: RequestKeys, mine: KeyedRequest) -> None:
    while True:
        await asyncio.sleep(RENEW_S)
        try:
            await run_in_threadpool(keys.renew, mine)
        except DatabaseAway:
            continue  # there is time for another try


def _refusal(problem: Problem) -> Response:
    response = answer(status_of(problem), problem.code(), problem.detail, problem.fields)
    if isinstance(problem, RequestInProgress):
        response.headers["Retry-After"] = "1"
    return response


def _replayed(first: KeptAnswer) -> Response:
    response = Response(first.body, first.status)
    for name, value in first.headers:
        response.headers.append(name, value)
    response.headers["Idempotency-Replayed"] = "true"
    return response
