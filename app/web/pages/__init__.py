"""The pages, one module per page. Each module has a `router`; their routes are gathered here."""

from app.web.pages import (
    agents_page,
    audit_page,
    drift_page,
    environments,
    login_page,
    operations_pages,
    overview_page,
    patterns_page,
    search_page,
    settings_page,
)
from app.web.pages.comparisons import comparison_page, definitions_page, evidence_page
from app.web.pages.experiments import experiment_page
from app.web.requests.routers import routes_of

routes = [
    *routes_of((overview_page,)),
    *environments.routes,
    *routes_of((
        search_page, operations_pages, drift_page, agents_page, audit_page, comparison_page, evidence_page,
        definitions_page,
        experiment_page, settings_page, login_page, patterns_page,
    )),
]  # fmt: skip
