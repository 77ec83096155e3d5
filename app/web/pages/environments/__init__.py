"""The pages of one environment, one module per view."""

from fastapi import APIRouter

from app.web.pages.environments import timeline

router = APIRouter()
for part in (timeline,):
    router.include_router(part.router)
