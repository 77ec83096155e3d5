"""The schema. Migrations make it; a test holds the two together."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from app.store.columns import Json, Moment

metadata = MetaData()
Id = BigInteger().with_variant(Integer, "sqlite")
ACTIVE = "phase IN ('queued', 'running')"

environments = Table(
    "environments",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("name", String(63), nullable=False, unique=True),
    Column("mode", String(8), nullable=False),
    Column("runs_on", String(8), nullable=False),
    Column("repo_url", Text, nullable=False, index=True),
    Column("ref", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("credential", Text),
    Column("target_kind", String(40), nullable=False),
    Column("target", Json, nullable=False),
    Column("policy", Json, nullable=False),
    Column("labels", Json, nullable=False),
    Column("interval_s", Integer, nullable=False),
    Column("created_at", Moment),
    Column("version", Integer, nullable=False),
    Column("refresh_at", Moment, index=True),
    Column("hold", Json),
    Column("hold_expires_at", Moment, index=True),
    Column("need", Integer, nullable=False, server_default="0"),
    Column("sync", String(12), nullable=False),
    Column("health", String(12), nullable=False),
    Column("divergence", String(12)),
    Column("revision", String(64)),
    Column("subject", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("live_since", Moment),
    Column("noticed", String(64)),
    Column("noticed_at", Moment),
    Column("last_good", String(64)),
    Column("checked_at", Moment),
    Column("expires_at", Moment),
    Column("files", Integer, nullable=False),
    Column("drift_count", Integer, nullable=False),
    Column("drift_episode", BigInteger),
    Column("last_outcome", String(20)),
    Column("last_reason", Text, nullable=False),
    Column("last_finished_at", Moment),
    Column("webhook_judged", String(64)),
    Column("failures", Integer, nullable=False),
    Column("message", Text, nullable=False),
    sqlite_autoincrement=True,
)

labels = Table(
    "labels",
    metadata,
    Column("environment_id", BigInteger, primary_key=True),
    Column("key", String(63), primary_key=True),
    Column("value", String(100), nullable=False),
    Index("ix_labels_key_value", "key", "value"),
)

operations = Table(
    "operations",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("environment_id", BigInteger, nullable=False),
    Column("environment", String(63), nullable=False),
    Column("mode", String(8), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("trigger", String(12), nullable=False),
    Column("phase", String(12), nullable=False),
    Column("outcome", String(20)),
    Column("wanted", Text),
    Column("from_revision", String(64)),
    Column("revision", String(64)),
    Column("subject", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("initiated_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("started_at", Moment),
    Column("finished_at", Moment),
    Column("committed_at", Moment),
    Column("visible_after", Moment),
    Column("visible_at", Moment),
    Column("noticed_at", Moment),
    Column("fetched_at", Moment),
    Column("planned_at", Moment),
    Column("applied_at", Moment),
    Column("healthy_at", Moment),
    Column("webhook_missed", Boolean, nullable=False),
    Column("request", Json, nullable=False),
    Column("stages", Json, nullable=False),
    Column("created", Integer, nullable=False),
    Column("updated", Integer, nullable=False),
    Column("deleted", Integer, nullable=False),
    Column("unchanged", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("done", Integer, nullable=False),
    Column("termination_by", Text),
    Column("worker", Text),
    Column("heartbeat_at", Moment),
    Column("detail", Json, nullable=False),
    Index(
        "uq_operations_one_running",
        "environment_id",
        unique=True,
        sqlite_where=text("phase = 'running'"),
        postgresql_where=text("phase = 'running'"),
    ),
    Index("ix_operations_active", "environment_id", "id", sqlite_where=text(ACTIVE), postgresql_where=text(ACTIVE)),
    Index("ix_operations_environment", "environment_id", "id"),
    Index("ix_operations_finished", "kind", "finished_at"),
)

history = Table(
    "history",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("environment_id", BigInteger, nullable=False),
    Column("revision", String(64), nullable=False),
    Column("subject", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("committed_at", Moment),
    Column("tree", String(64), nullable=False),
    Column("live_at", Moment, nullable=False),
    Column("left_at", Moment),
    Column("good", Boolean, nullable=False),
    Column("operation", String(26), nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("initiated_by", Text, nullable=False),
    Column("trigger", String(12), nullable=False),
    Index("ix_history_environment", "environment_id", "id"),
    Index("ix_history_revision", "environment_id", "revision"),
    sqlite_autoincrement=True,
)

bad_revisions = Table(
    "bad_revisions",
    metadata,
    Column("environment_id", BigInteger, primary_key=True),
    Column("revision", String(64), primary_key=True),
    Column("reason", Text, nullable=False),
    Column("marked_by", Text, nullable=False),
    Column("at", Moment, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False),
    Column("environment", String(63)),
    Column("environment_id", BigInteger),
    Column("operation", String(26)),
    Column("type", String(40), nullable=False),
    Column("reason", Text, nullable=False),
    Column("data", Json, nullable=False),
    Index("ix_events_environment", "environment_id", "id"),
    Index("ix_events_operation", "operation", "id"),
    Index("ix_events_type", "type", "at"),
    sqlite_autoincrement=True,
)

audit = Table(
    "audit",
    metadata,
    Column("seq", Id, primary_key=True, autoincrement=False),
    Column("at", String(27), nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("data", Json, nullable=False),
    Column("ip", Text),
    Column("prev_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("environment", Text),
    Index("ix_audit_environment", "environment", "seq"),
    Index("ix_audit_actor", "actor", "seq"),
    Index("ix_audit_action", "action", "seq"),
    Index("ix_audit_object", "object"),
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", String(64), nullable=False),
    Column("at", Moment, nullable=False),
    Column("signature", Text, nullable=False),
    Column("public_key", Text, nullable=False),
)

episodes = Table(
    "episodes",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("environment_id", BigInteger, nullable=False),
    Column("environment", String(63), nullable=False),
    Column("mode", String(8), nullable=False),
    Column("revision", String(64)),
    Column("last_good_at", Moment),
    Column("detected_at", Moment, nullable=False, index=True),
    Column("paths", Json, nullable=False),
    Column("count", Integer, nullable=False),
    Column("acknowledged_at", Moment),
    Column("acknowledged_by", Text, nullable=False),
    Column("ended_at", Moment),
    Column("ending", String(12)),
    Column("ended_by", Text, nullable=False),
    Index(
        "uq_episodes_one_open",
        "environment_id",
        unique=True,
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
    Index("ix_episodes_environment", "environment_id", "id"),
    sqlite_autoincrement=True,
)

drift_reports = Table(
    "drift_reports",
    metadata,
    Column("environment_id", BigInteger, primary_key=True, autoincrement=False),
    Column("checked_at", Moment, nullable=False),
    Column("report", Json, nullable=False),
)

days = Table(
    "days",
    metadata,
    Column("environment_id", BigInteger, primary_key=True, autoincrement=False),
    Column("day", Date, primary_key=True),
    Column("delivered", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
)

repositories = Table(
    "repositories",
    metadata,
    Column("repo_url", Text, primary_key=True),
    Column("heads", Json, nullable=False),
    Column("looked_at", Moment),
    Column("failing_since", Moment),
    Column("error", Text, nullable=False),
)

polls = Table(
    "polls",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("repo_url", Text, nullable=False),
    Column("first_at", Moment, nullable=False),
    Column("last_at", Moment, nullable=False, index=True),
    Column("times", Integer, nullable=False),
    Column("result", String(20), nullable=False),
    Column("detail", Text, nullable=False),
    Index("ix_polls_repository", "repo_url", "id"),
    sqlite_autoincrement=True,
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("provider", String(20), nullable=False),
    Column("hook", String(100), nullable=False),
    Column("delivery_id", String(200), nullable=False),
    Column("received_at", Moment, nullable=False, index=True),
    Column("event", String(100), nullable=False),
    Column("announced", Json, nullable=False),
    Column("state", String(12), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Moment),
    Column("decision", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    UniqueConstraint("provider", "hook", "delivery_id", name="uq_deliveries_once"),
    Index("ix_deliveries_hook", "hook", "id"),
    Index("ix_deliveries_state", "state", "next_at"),
    sqlite_autoincrement=True,
)

delivered_revisions = Table(
    "delivered_revisions",
    metadata,
    Column("delivery", BigInteger, primary_key=True, autoincrement=False),
    Column("revision", String(64), primary_key=True),
    Column("hook", String(100), nullable=False),
    Index("ix_delivered_revisions_hook", "hook", "revision"),
)

credentials = Table(
    "credentials",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("used_at", Moment),
    Column("public", Json, nullable=False),
    Column("secret", LargeBinary, nullable=False),
)

users = Table(
    "users",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("name", String(100), nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),
    Column("role", String(20), nullable=False),
    Column("must_change", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
    sqlite_autoincrement=True,
)

sessions = Table(
    "sessions",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("user_id", BigInteger, nullable=False, index=True),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("ip", Text),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("name", Text, nullable=False),
    Column("prefix", String(20), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Column("role", String(20), nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
    Column("used_at", Moment),
    Column("revoked_at", Moment),
)

failed_logins = Table(
    "failed_logins",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("key", String(200), nullable=False),
    Column("at", Moment, nullable=False),
    Index("ix_failed_logins_key", "key", "at"),
    sqlite_autoincrement=True,
)

APPEND_ONLY = (audit, checkpoints, events)
