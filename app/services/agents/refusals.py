"""Audit entries of refused agents, limited in number so that a refused client cannot flood the log."""

from __future__ import annotations

from datetime import timedelta

from app.domain.actor import agent
from app.domain.audit import NewAuditEntry
from app.ports import Ports

WINDOW = timedelta(minutes=15)
TOLD = 10  # refusals of one kind and origin that are written down within the window


UNKNOWN = agent("unknown")


def refused(ports: Ports, key: str, entry: NewAuditEntry) -> bool:
    """Append a refusal to the audit log; False where the limit of its kind and `key` is reached."""
    now, counted = ports.clock.now(), f"{entry.action}:{key}"[:200]
    with ports.store.read() as tx:
        if tx.identities.failed_logins(counted, now - WINDOW) >= TOLD:
            return False
    with ports.store.write() as tx:
        tx.identities.add_failed_login(counted, now)
        tx.audit.append(now, entry)
    return True
