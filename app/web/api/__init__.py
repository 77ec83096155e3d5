"""REST under /api/v1, one module per noun."""

from fastapi import APIRouter

from app.web.api.routes import (
    agent_protocol,
    agents,
    audit,
    comparison,
    credentials,
    drift,
    environments,
    events,
    operations,
    rollbacks,
    switches,
    tokens,
)

router = APIRouter(prefix="/api/v1")
for part in (
    environments, switches, operations, drift, rollbacks, events, audit, comparison, credentials, tokens, agents,
    agent_protocol,
):  # fmt: skip
    router.include_router(part.router)
