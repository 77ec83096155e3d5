"""Holds: a person stops an environment's automation, with a reason and perhaps an end."""

from __future__ import annotations

import logging
from datetime import datetime

from app.domain.actor import SCHEDULE, Actor
from app.domain.agents.protocol import CommandKind
from app.domain.audit import NewAuditEntry, timestamp
from app.domain.environment import Environment, Hold
from app.domain.errors import EnvironmentHeld, EnvironmentNotFound, InvalidInput
from app.domain.events import about
from app.domain.events.environment_events import RESUMED, HoldEnded, HoldSet
from app.domain.expiry import require_future
from app.ports import Ports, Transaction, topics
from app.services.relay import elsewhere, hold_data, relay
from app.services.triggers.polling import Poller

log = logging.getLogger("holds")


class Holds:
    """Sets and ends holds."""

    def __init__(self, ports: Ports, poller: Poller) -> None:
        self._ports = ports
        self._poller = poller

    def hold(
        self, name: str, reason: str, expires_at: datetime | None, actor: Actor, *, override_hold: bool = False
    ) -> Environment:
        """Stop automation until resumed or expired. Raises InvalidInput without a reason, and for a moment in the
        past; EnvironmentHeld where that would replace the hold of somebody else, unless `override_hold`."""
        now = self._ports.clock.now()
        if not reason.strip():
            raise InvalidInput(fields={"reason": "is required: say why, for those who wonder why nothing moves"})
        require_future(expires_at, now)
        with self._ports.store.write() as tx:
            environment = tx.environments.get(name)
            before = environment.hold
            if before and before.owner != str(actor) and not override_hold:
                raise EnvironmentHeld.by(name, before.owner, before.reason)
            left = before.left_revision if before else None
            set_hold(tx, environment, Hold(str(actor), reason, now, expires_at, left), actor, now)
            after = tx.environments.get(name)
            relay(self._ports, tx, after, CommandKind.HOLD, hold_data(after))
        self._ports.notifier.notify(topics(environment))
        return after

    def resume(self, name: str, actor: Actor, why: str = RESUMED) -> Environment:
        """End the hold and decide at once about the pending revision."""
        now = self._ports.clock.now()
        with self._ports.store.write() as tx:
            environment = tx.environments.get(name)
            if environment.hold:
                end_hold(tx, environment, actor, why, now)
            after = tx.environments.get(name)
            away = relay(self._ports, tx, after, CommandKind.RESUME, {"by": str(actor)})
        self._ports.notifier.notify(topics(environment))
        if environment.hold and not away and after.status.noticed:
            self._poller.consider(name)
        return after

    def expire(self) -> int:
        """End the holds that have expired; returns the number of holds."""
        with self._ports.store.read() as tx:
            over = tx.environments.with_expired_hold(self._ports.clock.now())
        ours = [one for one in over if not elsewhere(self._ports, one)]  # an agent ends its own
        failed: Exception | None = None
        for environment in ours:
            try:
                self.resume(environment.name, SCHEDULE, "expired")
            except EnvironmentNotFound:
                continue  # it was deleted meanwhile
            except Exception as error:  # the others' holds end all the same
                log.exception("a hold could not be ended", extra={"environment": environment.name})
                failed = error
        if failed:
            raise failed
        return len(ours)


def set_hold(tx: Transaction, environment: Environment, hold: Hold, actor: Actor, now: datetime) -> None:
    """Write a hold with its event and audit entry."""
    tx.environments.set_hold(environment.id, hold)
    expires = timestamp(hold.expires_at) if hold.expires_at else None
    held = HoldSet(Actor.parse(hold.owner), expires, hold.left_revision, why=hold.reason)
    tx.ledger.append(now, [about(environment, held)])
    data = {**held.data, "environment": environment.name, "reason": hold.reason}
    if environment.hold:
        data["replaced"] = {"owner": environment.hold.owner, "reason": environment.hold.reason}
    tx.audit.append(now, NewAuditEntry(actor, "hold.set", f"environment:{environment.name}", data))


def end_hold(tx: Transaction, environment: Environment, actor: Actor, why: str, now: datetime) -> None:
    """End a hold with its event and audit entry."""
    tx.environments.set_hold(environment.id, None)
    tx.ledger.append(now, [about(environment, HoldEnded(why=why))])
    owner = environment.hold.owner if environment.hold else ""
    data = {"environment": environment.name, "reason": why, "owner": owner}
    tx.audit.append(now, NewAuditEntry(actor, "hold.end", f"environment:{environment.name}", data))
