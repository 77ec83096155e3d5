"""Where providers deliver: the raw body is capped, authenticated, stored, and only then acted on."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi.concurrency import run_in_threadpool

from app.domain.errors import PayloadTooLarge, SignatureMismatch
from app.domain.permissions import Exemption
from app.domain.webhook import MAX_BODY, PROVIDERS
from app.web.api.openapi import problems
from app.web.api.response_models import Delivery, reply
from app.web.requests.permission_check import exempt
from app.web.requests.route_dependencies import Cases, Later, client_ip

router = APIRouter(tags=["webhooks"])
HOOK = re.compile(r"[A-Za-z0-9._-]{1,80}\Z", re.ASCII)
ProviderName = Annotated[str, Path(description=f"One of {', '.join(PROVIDERS)}.", examples=["github"])]
HookName = Annotated[str, Path(description="An environment's name, or a repository's hook.", examples=["shop"])]
BODY: dict[str, Any] = {"requestBody": {
    "description": "The provider's delivery, as it is.",
    "content": {"application/json": {"schema": {"type": "object"}}},
    "required": True,
}}  # fmt: skip


async def _raw(request: Request) -> bytes:
    """The body as it came, at most MAX_BODY bytes whatever its headers say."""
    parts: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY:
            raise PayloadTooLarge(f"The delivery is larger than {MAX_BODY} bytes.")
        parts.append(chunk)
    return b"".join(parts)


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
    """A provider's delivery: signed over the raw body with the hook's secret, taken once by its delivery id.

    It is stored, answered, and then acted on; the decision is in the ledger.
    """
    headers = {name.lower(): value for name, value in request.headers.items()}
    known = PROVIDERS.get(provider)
    if not HOOK.match(hook) or (known and not headers.get(known.signature)):
        raise SignatureMismatch()  # before anything of the body is read
    body = await _raw(request)
    stored, new = await run_in_threadpool(use_cases.webhooks.receive, provider, hook, body, headers, client_ip(request))
    if new:
        later.run("webhook", lambda: use_cases.webhooks.handle(stored))  # ours for a while: the tick leaves it alone
    answer = {"delivery": stored.delivery_id, "state": stored.state, "decision": stored.decision, "new": new}
    return reply(answer, 202 if new else 200)
