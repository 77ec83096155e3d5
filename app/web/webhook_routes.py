"""Where providers deliver: the raw body is capped, put aside, authenticated, stored, and only then acted on."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from tempfile import SpooledTemporaryFile
from typing import Annotated, Any, BinaryIO, cast

from fastapi import APIRouter, Path, Request, Response
from fastapi.concurrency import run_in_threadpool

from app.domain.errors import PayloadTooLarge, SignatureMismatch, TooManyAttempts
from app.domain.external import SYSTEMS
from app.domain.permissions import Exemption
from app.domain.webhook import FORM, MAX_BODY, PROVIDERS, ReceivedBody, Sender, proven
from app.web.api.openapi import problems
from app.web.api.response_models import Delivery, reply
from app.web.requests.permission_check import exempt
from app.web.requests.route_dependencies import Cases, Later, client_ip
from app.web.requests.routers import LateRoute, operation_id

router = APIRouter(tags=["webhooks"], generate_unique_id_function=operation_id, route_class=LateRoute)
IN_MEMORY, AT_ONCE, SECONDS = 64 * 1024, 16, 60.0
SENDERS: tuple[Mapping[str, Sender], ...] = (PROVIDERS, SYSTEMS)
HOOK = re.compile(r"[A-Za-z0-9._-]{1,80}\Z", re.ASCII)
NAMED = f"One of {', '.join(PROVIDERS)}; of an environment that others deliver: {', '.join(SYSTEMS)}."
ProviderName = Annotated[str, Path(description=NAMED, examples=["github"])]
HookName = Annotated[str, Path(description="An environment's name, or a repository's hook.", examples=["shop"])]
BODY: dict[str, Any] = {"requestBody": {
    "description": "The provider's delivery, as it is.",
    "content": {kind: {"schema": {"type": "object"}} for kind in ("application/json", FORM)},
    "required": True,
}}  # fmt: skip


class _Room:
    """How many bytes of bodies may lie on the disk at once, while nobody knows yet whether they are authentic."""

    def __init__(self, size: int) -> None:
        self._left = size

    @contextmanager
    def body(self) -> Iterator[BinaryIO]:
        """A file for one body, in memory while it is small."""
        if self._left < MAX_BODY:
            raise TooManyAttempts("Too many deliveries are on their way. Deliver it again in a moment.")
        self._left -= MAX_BODY
        try:
            with SpooledTemporaryFile(max_size=IN_MEMORY) as file:
                yield cast(BinaryIO, file)
        finally:
            self._left += MAX_BODY


ROOM = _Room(AT_ONCE * MAX_BODY)


async def _take(request: Request, file: BinaryIO) -> None:
    """Write the body to the file as it comes: at most MAX_BODY bytes whatever its headers say, and not for ever."""
    too_large = PayloadTooLarge(f"The delivery is larger than {MAX_BODY} bytes.")
    if int(request.headers.get("content-length", "0")) > MAX_BODY:
        raise too_large
    size = 0
    try:
        async with asyncio.timeout(SECONDS):
            async for chunk in request.stream():
                size += len(chunk)
                if size > MAX_BODY:
                    raise too_large
                file.write(chunk)
    except TimeoutError:
        raise PayloadTooLarge(f"The delivery did not arrive within {SECONDS:g} seconds.") from None


@router.post(
    "/webhooks/{provider}/{hook}",
    status_code=202,
    summary="Deliver a webhook",
    response_model=Delivery,
    responses={200: {"model": Delivery, "description": "Delivered before"}, **problems(401, 404, 413, 422)},
    openapi_extra=BODY,
    dependencies=[exempt(Exemption.WEBHOOK)],
)
async def deliver(provider: ProviderName, hook: HookName, request: Request, use_cases: Cases, later: Later) -> Response:
    """A provider's delivery: proven by the hook's secret, and taken once by its delivery id; sent again, it is acted on
    where nothing came of it.

    It is stored, answered, and then acted on; the decision is in the ledger.
    """
    headers = {name.lower(): value for name, value in request.headers.items()}
    known = [senders[provider] for senders in SENDERS if provider in senders]
    if not HOOK.match(hook) or (known and not any(proven(one, headers) for one in known)):
        raise SignatureMismatch()  # before anything of the body is read
    with ROOM.body() as file:
        await _take(request, file)
        body, take = ReceivedBody(file, headers.get("content-type", "")), use_cases.webhooks.receive
        stored, new = await run_in_threadpool(take, provider, hook, body, headers, client_ip(request))
    if new:
        later.run("webhook", lambda: use_cases.webhooks.handle(stored))  # ours for a while: the tick leaves it alone
    answer = {"delivery": stored.delivery_id, "state": stored.state, "decision": stored.decision, "new": new}
    return reply(answer, 202 if new else 200)
