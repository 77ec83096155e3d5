"""The pages of one environment, one module per view."""

from fastapi import APIRouter

from app.web.pages.environments import deeds, drift, history, rollback, timeline

router = APIRouter()
for part in (timeline, drift, history, rollback, deeds):
    router.include_router(part.router)
