"""The pages of one environment, one module per view."""

from app.web.pages.environments import (
    action_routes,
    answer_routes,
    bulk_actions,
    drift_view,
    history_view,
    pipeline_view,
    registration_views,
    switch_action,
    timeline_view,
)
from app.web.pages.environments.external import external_form
from app.web.pages.environments.outlook import advice_view, what_if_view
from app.web.pages.environments.plans import plan_view, rollback_view
from app.web.requests.routers import routes_of

routes = routes_of((
    external_form, registration_views, switch_action, timeline_view, drift_view, history_view, pipeline_view,
    what_if_view, advice_view, plan_view, rollback_view, action_routes, answer_routes, bulk_actions,
))  # fmt: skip
