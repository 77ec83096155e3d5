"""The pages, one module per page. Each module has a `router`; they are gathered here."""

from fastapi import APIRouter

from app.web.pages import (
    agents_page,
    audit_page,
    comparison_page,
    drift_page,
    environments,
    login_page,
    operations_pages,
    overview_page,
    patterns_page,
    settings_page,
)

router = APIRouter(include_in_schema=False)
for part in (
    overview_page,
    environments,
    operations_pages,
    drift_page,
    agents_page,
    audit_page,
    comparison_page,
    settings_page,
    login_page,
    patterns_page,
):
    router.include_router(part.router)
