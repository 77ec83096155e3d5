"""The pages of one environment, one module per view."""

from fastapi import APIRouter

from app.web.pages.environments import (
    action_routes,
    drift_view,
    history_view,
    pipeline_view,
    registration_views,
    rollback_view,
    switch_action,
    timeline_view,
)

router = APIRouter()
for part in (
    registration_views,
    switch_action,
    timeline_view,
    drift_view,
    history_view,
    pipeline_view,
    rollback_view,
    action_routes,
):
    router.include_router(part.router)
