"""Where providers deliver: the raw body is capped, authenticated, stored, and only then acted on."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, BackgroundTasks, Request, Response
from fastapi.concurrency import run_in_threadpool

from app.domain.errors import PayloadTooLarge
from app.domain.webhook import MAX_BODY
from app.web.background import in_background
from app.web.deps import Cases, client_ip

router = APIRouter(tags=["webhooks"])


async def _raw(request: Request) -> bytes:
    """The body as it came, at most MAX_BODY bytes whatever its headers say."""
    parts, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY:
            raise PayloadTooLarge(f"The delivery is larger than {MAX_BODY} bytes.")
        parts.append(chunk)
    return b"".join(parts)


@router.post("/webhooks/{provider}/{hook}", status_code=202, summary="Deliver a webhook")
async def deliver(
    provider: str, hook: str, request: Request, cases: Cases, response: Response, tasks: BackgroundTasks
) -> dict[str, Any]:
    """A provider's delivery: signed over the raw body with the hook's secret, taken once by its delivery id."""
    body = await _raw(request)
    headers = {name.lower(): value for name, value in request.headers.items()}
    stored, new = await run_in_threadpool(
        cases.webhooks.receive, provider, hook, body, headers, client_ip(request)
    )  # fmt: skip
    if new:
        tasks.add_task(in_background, "webhook", lambda: cases.webhooks.handle(stored))
    else:
        response.status_code = 200
    return {"delivery": stored.delivery_id, "state": stored.state, "decision": stored.decision, "new": new}
