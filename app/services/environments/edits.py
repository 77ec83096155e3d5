"""What an edit of an environment means for what is known about it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.domain.environment import Environment, Mode, Status
from app.domain.status import CLEAR, SyncStatus


def turns_aside(before: Environment, after: Environment) -> bool:
    """True if the edit turns the environment into a shadow; its open drift is closed."""
    return after.policy.observe and not before.policy.observe


def aside(status: Status) -> Status:
    """The status of an environment that becomes a shadow: its drift is cleared, because a shadow never drifts."""
    return replace(status, sync=SyncStatus.UNKNOWN, divergence=None, drift_count=0, drift_episode=None)


def of_mode(before: Environment, wanted: dict[str, Any]) -> dict[str, Any]:
    """A change of mode brings the new mode's `auto_sync`, unless another than the old mode's was chosen or is."""
    if wanted.get("mode") == before.mode.value or wanted["policy"].get("auto_sync") != (before.mode is Mode.PULL):
        return wanted
    return {**wanted, "policy": {**wanted["policy"], "auto_sync": None}}


def untried(status: Status) -> Status:
    """The status after a person has mended the source or the way to the target: what did not get through before is
    tried again by itself."""
    return replace(status, last_outcome=None, last_reason="", last_finished_at=None, failures=0)


def at_new_source(status: Status) -> Status:
    """The status with another source: what the old one's ref pointed at, and why it could not be read, is over."""
    return replace(untried(status), noticed=None, noticed_at=None, webhook_judged=None, condition=CLEAR)


def at_new_target(status: Status) -> Status:
    """The status at another target, of which nothing is known: nothing of ours is live there yet."""
    return Status(
        noticed=status.noticed, noticed_at=status.noticed_at, webhook_judged=status.webhook_judged,
        operation=status.operation, condition=status.condition,
    )  # fmt: skip


def edited(before: Environment, after: Environment, *, moved: bool) -> Status:
    """The status after an edit. `moved`: whether the target is another place, and not only reached in another way."""
    status = before.status
    if after.source != before.source:
        status = at_new_source(status)
        if replace(after.source, credential=None) != replace(before.source, credential=None):
            status = replace(
                status, sync=SyncStatus.UNKNOWN, divergence=None
            )  # what is asked for now was not looked at
    elif after.target != before.target:
        status = untried(status)
    if moved:
        return at_new_target(status)
    return aside(status) if turns_aside(before, after) else status
