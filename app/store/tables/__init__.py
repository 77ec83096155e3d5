"""The schema. Migrations make it; a test holds the two together."""

from app.store.tables.agents import agents, commands, enrollments, notes, orders, outbox, served
from app.store.tables.identity import credentials, failed_logins, sessions, tokens, users
from app.store.tables.intake import delivered_revisions, deliveries, polls, repositories
from app.store.tables.ledger import audit, checkpoints, drift_reports, episodes, events
from app.store.tables.operations import bad_revisions, history, operations
from app.store.tables.registry import days, environments, labels
from app.store.tables.shared import metadata

APPEND_ONLY = (audit, checkpoints, events)

__all__ = [
    "APPEND_ONLY",
    "agents",
    "audit",
    "bad_revisions",
    "checkpoints",
    "commands",
    "credentials",
    "days",
    "delivered_revisions",
    "deliveries",
    "drift_reports",
    "enrollments",
    "environments",
    "episodes",
    "events",
    "failed_logins",
    "history",
    "labels",
    "metadata",
    "notes",
    "operations",
    "orders",
    "outbox",
    "polls",
    "repositories",
    "served",
    "sessions",
    "tokens",
    "users",
]
