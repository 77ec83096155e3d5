"""REST under /api/v1, one module per noun."""

from app.web.api.routes import (
    agent_protocol_routes,
    agent_routes,
    audit_routes,
    comparison_routes,
    credential_routes,
    drift_routes,
    environment_routes,
    event_routes,
    operation_routes,
    rollback_routes,
    switch_routes,
    token_routes,
)
from app.web.api.routes.experiments import experiment_routes
from app.web.api.routes.outlook import outlook_routes
from app.web.requests.routers import routes_of

routes = routes_of((
    environment_routes, switch_routes, operation_routes, drift_routes, rollback_routes, event_routes,
    audit_routes, comparison_routes, outlook_routes, experiment_routes, credential_routes, token_routes, agent_routes,
    agent_protocol_routes,
))  # fmt: skip
