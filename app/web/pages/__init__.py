"""The pages, one module per page. Each module has a `router`; they are gathered here."""

from fastapi import APIRouter

from app.web.pages import (
    agents,
    audit,
    comparison,
    drift,
    environments,
    login,
    operations,
    overview,
    patterns,
    settings,
)

router = APIRouter(include_in_schema=False)
for part in (overview, environments, operations, drift, agents, audit, comparison, settings, login, patterns):
    router.include_router(part.router)
