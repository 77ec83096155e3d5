"""The pages of one environment, one module per view."""

from fastapi import APIRouter

from app.web.pages.environments import deeds, drift, history, moving, pipeline, registration, rollback, timeline

router = APIRouter()
for part in (registration, moving, timeline, drift, history, pipeline, rollback, deeds):
    router.include_router(part.router)
