"""The audit log: a page of it, and all of it as a file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from app.domain.audit import AuditEntry
from app.domain.errors import NotFound
from app.domain.identity import Identity
from app.ports import AuditFilter, Page, Ports
from app.wording import spreadsheets

COLUMNS = ("seq", "at", "actor", "action", "object", "data", "ip", "prev_hash", "hash")


@dataclass(frozen=True, slots=True)
class AuditView:
    """A page of entries, how many there are in all, and which actors and actions are among them."""

    page: Page[AuditEntry]
    entries: int
    actors: tuple[str, ...]
    actions: tuple[str, ...]


class AuditQueries:
    """Reads the audit log."""

    def __init__(self, ports: Ports) -> None:
        self._store = ports.store

    def page(self, identity: Identity, where: AuditFilter, limit: int, after: int | None) -> Page[AuditEntry]:
        """Entries, newest first; `after` is the seq to continue below."""
        with self._store.read() as tx:
            return tx.audit.page(where, limit, after)

    def entry(self, identity: Identity, seq: int) -> AuditEntry:
        """One entry. Raises NotFound."""
        with self._store.read() as tx:
            found = tx.audit.page(AuditFilter(), 1, seq + 1).items
        if not found or found[0].seq != seq:
            raise NotFound("There is no entry of that number.")
        return found[0]

    def view(self, identity: Identity, where: AuditFilter, limit: int, after: int | None) -> AuditView:
        """A page of entries, with the actors and actions to filter by."""
        with self._store.read() as tx:
            page, head = tx.audit.page(where, limit, after), tx.audit.head()
            return AuditView(page, head.seq if head else 0, tx.audit.actors(), tx.audit.actions())

    def export(self, identity: Identity, format: str, where: AuditFilter | None = None) -> Iterator[str]:
        """The log, oldest first, as lines of JSON ("jsonl") or CSV ("csv")."""
        if format == "csv":
            yield spreadsheets.line(COLUMNS, "\n")
        with self._store.read() as tx:
            for entry in tx.audit.walk(where):
                yield _csv_entry(entry) if format == "csv" else _json_line(entry)


def _json_line(entry: AuditEntry) -> str:
    return json.dumps(entry.as_dict(), separators=(",", ":"), ensure_ascii=True) + "\n"


def _csv_entry(entry: AuditEntry) -> str:
    values = entry.as_dict()
    values["ip"] = "" if entry.ip is None else entry.ip
    return spreadsheets.line((values[name] for name in COLUMNS), "\n")
