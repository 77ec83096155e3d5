"""Audit entries of refused callers, limited in number so that a refused client cannot flood the log."""

from __future__ import annotations

from datetime import timedelta

from app.domain.actor import agent
from app.domain.audit import NewAuditEntry
from app.ports import Ports

WINDOW = timedelta(minutes=15)
TOLD = 10  # refusals of one kind and origin that are written down within the window


UNKNOWN = agent("unknown")


def refused(ports: Ports, key: str, entry: NewAuditEntry) -> bool:
    """Write a refusal down; False where enough of its kind and `key` (whose refusals count together) were written."""
    return throttled(ports, f"{entry.action}:{key}"[:200], entry, TOLD)


def throttled(ports: Ports, counted: str, entry: NewAuditEntry, limit: int) -> bool:
    """Write a refusal down unless `limit` of those that are counted together were written within the window."""
    now = ports.clock.now()
    with ports.store.read() as tx:
        if tx.identities.failed_logins(counted, now - WINDOW) >= limit:
            return False
    with ports.store.write() as tx:
        tx.identities.add_failed_login(counted, now)
        tx.audit.append(now, entry)
    return True
