"""Refused agents in the audit log: told, but not so often that whoever is refused could flood it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from app.domain.audit import NewAuditEntry
from app.ports import Ports

WINDOW = timedelta(minutes=15)
TOLD = 10  # refusals of one kind and origin that are written down within the window


def refused(
    ports: Ports, key: str, actor: str, action: str, about: str, data: Mapping[str, Any], ip: str | None
) -> bool:
    """Write a refusal down; False where enough of its kind were written lately."""
    now, counted = ports.clock.now(), f"{action}:{key}"[:200]
    with ports.store.read() as tx:
        if tx.identities.failed_logins(counted, now - WINDOW) >= TOLD:
            return False
    with ports.store.write() as tx:
        tx.identities.add_failed_login(counted, now)
        tx.audit.append(now, NewAuditEntry(actor, action, about, data, ip))
    return True
