"""What a person or a script asks for against a hold: refused with its owner, unless they say that they know."""

from __future__ import annotations

from typing import Any

from app.domain.actor import AUTO_ROLLBACK, Actor
from app.domain.environment import Environment, Hold
from app.domain.errors import EnvironmentHeld
from app.domain.operation import OperationKind, Request, Trigger


def refuse_unless_overridden(environment: Environment, request: Request) -> None:
    """Raise EnvironmentHeld for a delivery by hand under a hold that the request does not override.

    A rollback's hold ends with a commit newer than the one that was left, so a revision that may be newer is let
    through; its run knows Git and decides. Automatic deliveries are recorded as held by their runs.
    """
    hold = environment.hold
    if hold is None or request.override_hold or request.kind is not OperationKind.SYNC:
        return
    if request.trigger is Trigger.MANUAL and not _may_end(environment, hold, request.wanted):
        raise EnvironmentHeld.by(environment.name, hold.owner, hold.reason)


def refuse_rollback(environment: Environment, actor: Actor, override: bool) -> None:
    """Raise EnvironmentHeld for a rollback under a hold, unless it is overridden or the hold is what an earlier
    rollback of the same person, or one after bad health, has set: then the way back only goes on."""
    hold = environment.hold
    if hold is None or override or (hold.left_revision and hold.owner in (str(actor), str(AUTO_ROLLBACK))):
        return
    raise EnvironmentHeld.by(environment.name, hold.owner, hold.reason)


def _may_end(environment: Environment, hold: Hold, wanted: str | None) -> bool:
    return hold.left_revision is not None and wanted not in (environment.status.revision, hold.left_revision)


def overridden(environment: Environment, request: Request) -> dict[str, Any]:
    """Whose hold a request goes over, for the audit log; empty where there is none."""
    hold = environment.hold
    if hold is None or not request.override_hold:
        return {}
    return {"overrode_hold": {"owner": hold.owner, "reason": hold.reason}}
