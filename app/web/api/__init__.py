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
    switches,
    tokens,
)

router = APIRouter(prefix="/api/v1")
for part in (
    environments,
    operations,
    drift,
    rollbacks,
    switches,
    events,
    audit,
    comparison,
    credentials,
    tokens,
    agents,
):
    router.include_router(part.router)
