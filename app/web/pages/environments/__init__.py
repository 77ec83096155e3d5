"""The pages of one environment, one module per view."""

from fastapi import APIRouter

from app.web.pages.environments import deeds, drift, timeline

router = APIRouter()
for part in (timeline, drift, deeds):
    router.include_router(part.router)
