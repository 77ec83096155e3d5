"""Templates and contexts say the same: each page's template asks for exactly the fields that its context declares."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from jinja2 import meta, nodes

from app.web.api.api_reference import Reference
from app.web.pages import (
    agents_page,
    audit_page,
    drift_page,
    login_page,
    operations_pages,
    overview_page,
    problem_page,
    search_page,
    settings_page,
)
from app.web.pages.comparisons import comparison_page, definitions_page, evidence_page
from app.web.pages.environments import (
    bulk_actions,
    history_view,
    pipeline_view,
    registration_views,
    timeline_view,
)
from app.web.pages.environments import drift_view as environment_drift
from app.web.pages.environments.external import connect_view, external_form
from app.web.pages.environments.outlook import advice_view, what_if_view
from app.web.pages.environments.plans import plan_view, rollback_view
from app.web.pages.experiments import experiment_page
from app.web.rendering.templating import environment

ROOT = Path(__file__).resolve().parents[3]
PAGES = environment(ROOT / "templates", lambda name: f"/static/{name}")
SHELL = {"user", "nav", "flash"}
CONTEXTS: dict[str, Any] = {
    "overview/index.html": overview_page.OverviewPage,
    "overview/bulk.html": bulk_actions.BulkPage,
    "overview/start.html": overview_page.FirstStartPage,
    "environments/timeline.html": timeline_view.TimelineView,
    "environments/drift.html": environment_drift.EnvironmentDriftView,
    "environments/history.html": history_view.HistoryView,
    "environments/advice.html": advice_view.AdviceView,
    "environments/what_if.html": what_if_view.WhatIfView,
    "environments/pipeline.html": pipeline_view.PipelineView,
    "environments/settings.html": registration_views.SettingsView,
    "environments/connect.html": connect_view.ConnectView,
    "environments/new_external.html": external_form.NewExternalView,
    "environments/external_settings.html": external_form.ExternalSettingsView,
    "environments/new.html": registration_views.RegistrationView,
    "plans/new.html": plan_view.PlanView,
    "rollbacks/new.html": rollback_view.RollbackView,
    "operations/index.html": operations_pages.OperationsPage,
    "operations/show.html": operations_pages.OperationPage,
    "drift/index.html": drift_page.DriftPage,
    "drift/episode.html": drift_page.EpisodePage,
    "agents/index.html": agents_page.AgentsPage,
    "audit/index.html": audit_page.AuditPage,
    "audit/entry.html": audit_page.AuditEntryPage,
    "experiments/index.html": experiment_page.ExperimentsPage,
    "experiments/show.html": experiment_page.ExperimentPage,
    "comparison/show.html": comparison_page.ComparisonPage,
    "comparison/evidence.html": evidence_page.EvidencePage,
    "comparison/measures.html": definitions_page.DefinitionsPage,
    "settings/index.html": settings_page.SettingsPage,
    "settings/tokens.html": settings_page.TokensPage,
    "settings/credentials.html": settings_page.CredentialsPage,
    "account/login.html": login_page.LoginPage,
    "search.html": search_page.SearchPage,
    "reference/index.html": Reference,
    "error.html": problem_page.ProblemPage,
}


def parsed(name: str) -> nodes.Template:
    return PAGES.parse((ROOT / "templates" / name).read_text("utf-8"))


def family(name: str) -> set[str]:
    """A template with all that it extends and includes."""
    found, waiting = set(), [name]
    while waiting:
        one = waiting.pop()
        if one in found:
            continue
        found.add(one)
        tree = parsed(one)
        waiting += [each for each in meta.find_referenced_templates(tree) if each]
        if any(True for each in tree.find_all(nodes.Include) if not isinstance(each.template, nodes.Const)):
            waiting += [
                str(path.relative_to(ROOT / "templates")) for path in ROOT.glob("templates/environments/targets/*")
            ]
    return found


def asked_for(name: str) -> set[str]:
    """Names that come from outside the family: neither set, nor a loop's, nor a global."""
    trees = [parsed(one) for one in family(name)]
    missing = {each for tree in trees for each in meta.find_undeclared_variables(tree)}
    made = {each.name for tree in trees for each in tree.find_all(nodes.Name) if each.ctx == "store"}
    made |= {each.name for tree in trees for each in tree.find_all(nodes.Macro)}
    declared = {field.name for field in fields(CONTEXTS[name])}
    return missing - (made - declared) - set(PAGES.globals) - SHELL


@pytest.mark.parametrize("name", CONTEXTS)
def test_a_template_gets_what_it_asks_for_and_nothing_else(name: str) -> None:
    context = CONTEXTS[name]
    assert context.__dataclass_params__.frozen
    assert asked_for(name) == {field.name for field in fields(context)}


def test_every_page_has_a_context() -> None:
    pages = {
        str(path.relative_to(ROOT / "templates"))
        for path in (ROOT / "templates").rglob("*.html")
        if not path.name.startswith("_") and path.parent.name not in ("ui", "shared", "patterns", "targets")
    }
    others = {"base.html", "ui.html", "patterns.html", "environments/layout.html", "settings/layout.html"}
    assert pages - others == set(CONTEXTS)
