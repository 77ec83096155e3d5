"""What there is to know of a provider of webhooks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Proof(StrEnum):
    """How a header proves that a delivery comes from who knows the hook's secret."""

    HMAC = "hmac"  # HMAC-SHA256 of the body, in hex, behind a prefix
    TOKEN = "token"  # noqa: S105 — the secret itself, as it is
    BASIC = "basic"  # the secret as the password of HTTP's basic authentication; the user name does not count


@dataclass(frozen=True, slots=True)
class ProofHeader:
    """A header that proves a delivery. `name` is lower-case; `prefix` stands before an HMAC."""

    name: str
    proof: Proof = Proof.HMAC
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Announcement:
    """What a delivery says: `heads` maps refs to new commits, None where a ref was deleted; `pushed_at`: when they were
    pushed, UTC, as the provider claims, None where it does not."""

    event: str
    heads: Mapping[str, str | None] = field(default_factory=dict)
    pushed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sender:
    """How whoever sends proves and numbers its deliveries. Header names are lower-case.

    `setting`: where its settings take the secret. `proofs`: of these headers the first that is there counts.
    `delivery`: headers that may hold the delivery's id, or else fields of the body (`body_id`). `event`: headers that
    may name the event, or else a field (`body_event`).
    """

    name: str
    title: str
    setting: str
    proofs: tuple[ProofHeader, ...]
    delivery: tuple[str, ...]
    event: tuple[str, ...]
    body_id: str = ""
    body_event: str = ""


@dataclass(frozen=True, slots=True)
class Provider(Sender):
    """A host of repositories, and how it describes what was pushed to them."""

    parse: Callable[[str, Any], Announcement] = field(kw_only=True)
