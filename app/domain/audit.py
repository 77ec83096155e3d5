"""The audit log's hash chain: SHA-256 over the previous hash and the canonical JSON of the entry.

The verifier needs neither server nor database. Canonical JSON: keys sorted, no spaces, ASCII, as in RFC 8785 for the
value types used here (strings, integers, booleans, null, arrays, objects).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.domain.actor import Actor

GENESIS = "0" * 64


class Break(StrEnum):
    """How an entry fails to fit into its chain; the value is what is said of it, behind "was"."""

    UNNUMBERED = "altered: it has no sequence number"
    ALTERED = "altered: its content does not match its hash"
    REMOVED = "removed"
    MOVED = "inserted or moved: {found} stands where {expected} belongs"
    BEHIND = "inserted or moved: it stands behind {last}"
    UNCONNECTED = "inserted or rewritten: it does not continue the entry before it"


@dataclass(frozen=True, slots=True)
class NewAuditEntry:
    """Who did what, to what, from where. `object` is a kind and a name: "environment:shop", "operation:ID"."""

    actor: Actor
    action: str
    object: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """A chained entry. `actor` is the actor's text form, `at` RFC 3339 text with microseconds, exactly as hashed."""

    actor: str
    action: str
    object: str
    data: Mapping[str, Any] = field(default_factory=dict)
    ip: str | None = None
    seq: int = 0
    at: str = ""
    prev_hash: str = GENESIS
    hash: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The entry as exported: seq, at, actor, action, object, data, ip, prev_hash, hash."""
        names = ("seq", "at", "actor", "action", "object", "data", "ip", "prev_hash", "hash")
        return {name: dict(self.data) if name == "data" else getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True)
class Verification:
    """`first_bad` is the seq at which the chain first breaks; `problem` says in words what is wrong there."""

    valid: bool
    entries: int
    first_bad: int | None = None
    problem: str = ""
    head: str = GENESIS


def timestamp(at: datetime) -> str:
    """RFC 3339, UTC, microseconds, "Z"."""
    return f"{at.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"  # strftime writes the year 1 as "1"


def digest(entry: Mapping[str, Any]) -> str:
    """The hash of an entry given as a dict; its own "hash" key is left out."""
    body = {key: value for key, value in entry.items() if key != "hash"}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def chain(new: NewAuditEntry, seq: int, at: datetime, prev_hash: str) -> AuditEntry:
    """Append an entry to the chain whose last hash is `prev_hash`."""
    actor, about = str(new.actor), (new.action, new.object, new.data, new.actor.ip)
    bare = AuditEntry(actor, *about, seq=seq, at=timestamp(at), prev_hash=prev_hash)
    return replace(bare, hash=digest(bare.as_dict()))


def verify(entries: Iterable[Mapping[str, Any]], *, seq: int = 1, prev_hash: str = GENESIS) -> Verification:
    """Walk entries in the order given, from `seq` and `prev_hash` on, and name the first that does not fit.

    Tells apart an altered entry (its own hash is wrong, or the next one continues another), a removed one (a gap), one
    that stands further down, and an inserted one. What follows the first break is looked at to name it, as far as it
    can be: iterating may raise ValueError there.
    """
    count, first = 0, seq
    rest = iter(entries)
    for entry in rest:
        broken = _break(entry, seq, prev_hash)
        if broken:
            return Verification(False, count, *_named(broken, entry, rest, seq, first), prev_hash)
        count, seq, prev_hash = count + 1, seq + 1, entry["hash"]
    return Verification(True, count, None, "", prev_hash)


def verify_each(entries: Iterable[Mapping[str, Any]]) -> Verification:
    """Verify entries out of a filtered export: each against its own hash, and that they stand in order. What is
    missing between them cannot be told from what the filter left out."""
    count, last, head = 0, 0, GENESIS
    for entry in entries:
        broken = _break(entry, entry.get("seq", 0), str(entry.get("prev_hash")))
        if not broken and entry["seq"] <= last:
            broken = Break.BEHIND
        if broken:
            blamed = _number(entry, last + 1) if broken is Break.UNNUMBERED else entry["seq"]
            return Verification(False, count, blamed, f"entry {blamed} was {broken.format(last=last)}", head)
        count, last, head = count + 1, entry["seq"], entry["hash"]
    return Verification(True, count, None, "", head)


def _named(
    broken: Break, entry: Mapping[str, Any], rest: Iterator[Mapping[str, Any]], seq: int, first: int
) -> tuple[int, str]:
    """The entry to blame, and in which words."""
    try:
        if broken is Break.REMOVED:
            moved = any(later.get("seq") == seq for later in rest)
            return seq, f"entry {seq} was {'reordered' if moved else 'removed'}: {entry['seq']} follows {seq - 1}"
        if broken is Break.UNCONNECTED and seq > first:
            later = next(rest, None)
            if later is None or later.get("prev_hash") == entry["hash"]:
                return seq - 1, f"entry {seq - 1} was altered and hashed anew: entry {seq} continues another one"
    except ValueError:
        pass
    blamed = _number(entry, seq)
    return blamed, f"entry {blamed} was {broken.format(found=entry.get('seq'), expected=seq)}"


def _number(entry: Mapping[str, Any], expected: int) -> int:
    found = entry.get("seq")
    return min(found, expected) if isinstance(found, int) else expected


def _break(entry: Mapping[str, Any], seq: int, prev_hash: str) -> Break | None:
    """What happened to an entry; None if it is in order."""
    found = entry.get("seq")
    if not isinstance(found, int):
        return Break.UNNUMBERED
    if entry.get("hash") != digest(entry):
        return Break.ALTERED
    if found > seq:
        return Break.REMOVED
    if found < seq:
        return Break.MOVED
    return Break.UNCONNECTED if entry.get("prev_hash") != prev_hash else None
