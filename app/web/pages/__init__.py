"""The pages, one module per page. Each module has a `router`; they are gathered here."""

from fastapi import APIRouter

from app.web.pages import drift, environments, login, operations, overview

router = APIRouter(include_in_schema=False)
for part in (overview, environments, operations, drift, login):
    router.include_router(part.router)
