"""REST under /api/v1, one module per noun."""

from fastapi import APIRouter

from app.web.api import (
    agent_side,
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

router = APIRouter(prefix="/api/v1")
for part in (
    environments, operations, drift, rollbacks, events, audit, comparison, credentials, tokens, agents, agent_side,
):  # fmt: skip
    router.include_router(part.router)
