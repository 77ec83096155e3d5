"""Whether the process lives, whether it can work, and its figures. These need no log-in and tell no names."""

from __future__ import annotations

import hmac

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from app.domain.errors import NotAuthenticated
from app.domain.permissions import Exemption
from app.web.api.response_models import Alive, Ready
from app.web.requests.permission_check import exempt
from app.web.requests.problem_documents import answer
from app.web.requests.route_dependencies import Reads, bearer
from app.web.requests.routers import LateRoute, operation_id

router = APIRouter(tags=["health"], generate_unique_id_function=operation_id, route_class=LateRoute)
NOT_READY = {"description": "Not ready", "content": {"application/problem+json": {
    "schema": {"$ref": "#/components/schemas/Problem"}}}}  # fmt: skip


@router.get("/healthz", response_model=Alive, dependencies=[exempt(Exemption.PUBLIC)])
def alive() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz", response_model=Ready, responses={503: NOT_READY}, dependencies=[exempt(Exemption.PUBLIC)])
def ready(request: Request) -> Response | dict[str, object]:
    """The database answers and is migrated; workers and scheduler are alive. Where something that is done again and
    again fails or hangs, the rest goes on: `status` is "degraded" then, and `degraded` says what and why."""
    checks: dict[str, str] = request.app.state.readiness()
    bad = {name: text for name, text in checks.items() if text != "ok"}
    if bad:
        return answer(503, "not_ready", f"Not ready: {', '.join(f'{name} {text}' for name, text in bad.items())}.", bad)
    troubles = dict(request.app.state.troubles())
    return {"status": "degraded" if troubles else "ok", "checks": checks, "degraded": troubles}


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    dependencies=[exempt(Exemption.METRICS)],
)
def metrics(request: Request, queries: Reads) -> Response:
    """Prometheus' text format. Open unless PUSHPULL_METRICS_TOKEN is set; then send it as a bearer token."""
    wanted: str = request.app.state.metrics_token
    if wanted and not hmac.compare_digest((bearer(request) or "").encode(), wanted.encode()):
        raise NotAuthenticated()
    state = request.app.state
    figures = state.metrics.exposition(queries, state.failures(), state.troubles())
    return Response(figures, media_type=CONTENT_TYPE_LATEST)
