"""REST under /api/v1, one module per noun."""

from fastapi import APIRouter

from app.web.api import (
    agents,
    audit,
    comparison,
    credentials,
    drift,
    environments,
    events,
    operations,
    rollbacks,
    tokens,
)

PROBLEM = {
    "description": "A problem, as RFC 9457 describes it",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
ANSWERS: dict[int | str, dict[str, object]] = dict.fromkeys((401, 403, 404, 409, 413, 415, 422, 424, 429), PROBLEM)

router = APIRouter(prefix="/api/v1", responses=ANSWERS)
for part in (environments, operations, drift, rollbacks, events, audit, comparison, credentials, tokens, agents):
    router.include_router(part.router)
