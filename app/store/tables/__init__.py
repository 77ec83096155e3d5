"""The schema. Migrations make it; a test holds the two together."""

from app.store.tables.agent_tables import agents, command_inbox, commands, enrollments, notes, outbox, served
from app.store.tables.environment_table import days, environments, labels
from app.store.tables.experiment_tables import experiment_steps, experiments
from app.store.tables.identity_tables import credentials, failed_logins, request_keys, sessions, tokens, users
from app.store.tables.intake_tables import delivered_revisions, deliveries, hook_secrets, polls, repositories
from app.store.tables.ledger_tables import (
    audit,
    checkpoints,
    drift_reports,
    episode_contents,
    episode_reports,
    episodes,
    events,
)
from app.store.tables.metadata import metadata
from app.store.tables.noticing_table import noticings
from app.store.tables.operation_tables import bad_revisions, history, operations

APPEND_ONLY = (audit, checkpoints, events)

__all__ = [
    "APPEND_ONLY",
    "agents",
    "audit",
    "bad_revisions",
    "checkpoints",
    "command_inbox",
    "commands",
    "credentials",
    "days",
    "delivered_revisions",
    "deliveries",
    "drift_reports",
    "enrollments",
    "environments",
    "episode_contents",
    "episode_reports",
    "episodes",
    "events",
    "experiment_steps",
    "experiments",
    "failed_logins",
    "history",
    "hook_secrets",
    "labels",
    "metadata",
    "notes",
    "noticings",
    "operations",
    "outbox",
    "polls",
    "repositories",
    "request_keys",
    "served",
    "sessions",
    "tokens",
    "users",
]
