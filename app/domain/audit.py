"""The audit log's hash chain: SHA-256 over the previous hash and the canonical JSON of the entry.

The verifier needs neither server nor database. Canonical JSON: keys sorted, no spaces, ASCII, as in RFC 8785 for the
value types used here (strings, integers, booleans, null, arrays, objects).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class NewEntry:
    """Who did what, to what, from where. `actor` is "user:NAME", "token:NAME" or "system:PART"."""

    actor: str
    action: str
    object: str
    data: Mapping[str, Any] = field(default_factory=dict)
    ip: str | None = None


@dataclass(frozen=True, slots=True)
class Entry(NewEntry):
    """A chained entry. `at` is RFC 3339 text with microseconds, exactly as hashed."""

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
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def digest(entry: Mapping[str, Any]) -> str:
    """The hash of an entry given as a dict; its own "hash" key is left out."""
    body = {key: value for key, value in entry.items() if key != "hash"}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def chain(new: NewEntry, seq: int, at: datetime, prev_hash: str) -> Entry:
    """Append an entry to the chain whose last hash is `prev_hash`."""
    fields = {name: getattr(new, name) for name in ("actor", "action", "object", "data", "ip")}
    bare = Entry(**fields, seq=seq, at=timestamp(at), prev_hash=prev_hash)
    return Entry(**fields, seq=seq, at=bare.at, prev_hash=prev_hash, hash=digest(bare.as_dict()))


def verify(entries: Iterable[Mapping[str, Any]], *, seq: int = 1, prev_hash: str = GENESIS) -> Verification:
    """Walk entries in the order given, from `seq` and `prev_hash` on, and name the first that does not fit.

    Tells apart an altered entry (its own hash is wrong), a removed one (a gap), and an inserted or reordered one.
    """
    count = 0
    for entry in entries:
        problem = _problem(entry, seq, prev_hash)
        if problem:
            return Verification(False, count, _number(entry, seq), problem, prev_hash)
        count, seq, prev_hash = count + 1, seq + 1, entry["hash"]
    return Verification(True, count, None, "", prev_hash)


def _number(entry: Mapping[str, Any], expected: int) -> int:
    found = entry.get("seq")
    return min(found, expected) if isinstance(found, int) else expected


def _problem(entry: Mapping[str, Any], seq: int, prev_hash: str) -> str:
    found = entry.get("seq")
    if not isinstance(found, int):
        return f"entry {seq} has no sequence number"
    if entry.get("hash") != digest(entry):
        return f"entry {found} was altered: its content does not match its hash"
    if found > seq:
        return f"entry {seq} was removed: {found} follows {seq - 1}"
    if found < seq:
        return f"entry {found} was inserted or moved: it stands where {seq} belongs"
    if entry.get("prev_hash") != prev_hash:
        return f"entry {found} was inserted or rewritten: it does not continue the entry before it"
    return ""
