"""The pages of one environment, one module per view."""

from fastapi import APIRouter

from app.web.pages.environments import actions, drift, history, pipeline, registration, rollback, switch, timeline

router = APIRouter()
for part in (registration, switch, timeline, drift, history, pipeline, rollback, actions):
    router.include_router(part.router)
