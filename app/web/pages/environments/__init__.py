"""The pages of one environment, one module per view."""

from fastapi import APIRouter

from app.web.pages.environments import deeds, drift, history, pipeline, registration, rollback, switching, timeline

router = APIRouter()
for part in (registration, switching, timeline, drift, history, pipeline, rollback, deeds):
    router.include_router(part.router)
