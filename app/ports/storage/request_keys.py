"""Requests that carry a key of their sender's, so that one that is sent again is answered and not carried out again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What a request was answered: HTTP status, headers in their order, body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """A request that was sent with a key. `holder`: whose key it is; `fingerprint`: of what was asked, "" where it was
    stored with another secret key and cannot be read; `claim`: who carries it out; `seen_at`: when that one last gave a
    sign of life, or answered; `answer` is None until then."""

    holder: str
    key: str
    fingerprint: str
    claim: str
    seen_at: datetime
    answer: KeptAnswer | None = None


class RequestKeyStore(Protocol):
    """The requests that carry a key, with their answers encrypted: there may be secrets in them."""

    def get(self, holder: str, key: str) -> KeyedRequest | None:
        """The request that a key was used for."""
        ...

    def put(self, request: KeyedRequest) -> None:
        """Store a request in place of any that its key was used for."""
        ...

    def renew(self, claim: str, at: datetime) -> None:
        """Note a sign of life of who carries a request out."""
        ...

    def forget(self, claim: str) -> None:
        """Free the key of a request."""
        ...

    def sweep(self, before: datetime) -> None:
        """Forget all requests that were last seen before a moment."""
        ...
