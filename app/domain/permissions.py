"""What may be done, as named actions, and which of them a role grants. Whatever a role does not name is refused."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Permission(StrEnum):
    """An action that a role grants. Each route of the server declares one of these, or an `Exemption`."""

    VIEW = "view"  # environments, operations, history, events, the comparison
    READ_DIFFS = "read-diffs"  # what differs on a target, and what a rollback would change there
    READ_AUDIT = "read-audit"
    VIEW_AGENTS = "view-agents"
    VIEW_CREDENTIALS = "view-credentials"  # their names and kinds; nothing shows a stored secret
    VIEW_TOKENS = "view-tokens"
    VIEW_SETTINGS = "view-settings"

    SYNC = "sync"
    REFRESH = "refresh"
    TERMINATE = "terminate"
    ROLLBACK = "rollback"
    HOLD = "hold"
    RESUME = "resume"

    HEAL_DRIFT = "heal-drift"
    ACKNOWLEDGE_DRIFT = "acknowledge-drift"
    WRITE_BACK_DRIFT = "write-back-drift"
    IGNORE_DRIFT = "ignore-drift"

    CHECK = "check"  # try a specification: its repository and its target's host are looked at, nothing is saved
    REGISTER = "register"
    EDIT = "edit"
    SWITCH = "switch"
    DELETE = "delete"

    RUN_EXPERIMENTS = "run-experiments"
    VERIFY_AUDIT = "verify-audit"
    MANAGE_WEBHOOKS = "manage-webhooks"
    MANAGE_CREDENTIALS = "manage-credentials"
    MANAGE_TOKENS = "manage-tokens"
    MANAGE_AGENTS = "manage-agents"
    OWN_ACCOUNT = "own-account"  # the own password


class Exemption(StrEnum):
    """Why a route asks for no permission: what lets a caller in instead of a role."""

    PUBLIC = "public"  # anybody: log-in, log-out, health
    METRICS = "metrics-token"
    WEBHOOK = "webhook-signature"
    ENROLLMENT = "enrollment-token"
    AGENT = "agent-credential"


ADMIN, READ_ONLY = "admin", "readonly"
READING = frozenset({
    Permission.VIEW, Permission.READ_DIFFS, Permission.READ_AUDIT, Permission.VIEW_AGENTS,
    Permission.VIEW_CREDENTIALS, Permission.VIEW_TOKENS, Permission.VIEW_SETTINGS,
})  # fmt: skip
ROLES: Mapping[str, frozenset[Permission]] = {ADMIN: frozenset(Permission), READ_ONLY: READING}
