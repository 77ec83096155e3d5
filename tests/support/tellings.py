"""What the systems that deliver in our place send, made here from the shapes that they document."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from app.domain.external import SYSTEMS
from app.domain.webhook import Proof, ReceivedBody

SECRET = "a secret of some length"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SHA = "3f6b1a52c0d94f7e8b1d2c3a4e5f60718293a4b5"


@dataclass(frozen=True)
class Sending:
    """One request: a document and its headers, without the proof."""

    document: Any
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> bytes:
        return self.document if isinstance(self.document, bytes) else json.dumps(self.document).encode()

    def proven(self, system: str, secret: str = SECRET) -> dict[str, str]:
        """The headers with the system's first proof."""
        proof = SYSTEMS[system].proofs[0]
        mac = proof.prefix + hmac.new(secret.encode(), self.body, hashlib.sha256).hexdigest()
        return {**self.headers, proof.name: secret if proof.proof is Proof.TOKEN else mac}

    def received(self) -> ReceivedBody:
        return ReceivedBody.of(self.body)


@dataclass(frozen=True)
class Asked:
    """What is to be told: a step of the delivery of a revision, that began and ended so long after noon."""

    step: str
    revision: str = SHA
    began_s: float = 0
    ended_s: float = 30
    id: str = "41"

    @property
    def began(self) -> datetime:
        return NOON + timedelta(seconds=self.began_s)

    @property
    def ended(self) -> datetime:
        return NOON + timedelta(seconds=self.ended_s)


@dataclass(frozen=True)
class Telling:
    """How a system tells. `make`: the request for what is asked; `name`: what it calls the environment in it;
    `revision_at`, `time_at`: dotted places of what may not be left out; `steps`: those that it can tell; `begins`:
    whether the end says when it began ("itself"), or another request does ("apart"), or nobody (""); `status`: what it
    says of the status with a success."""

    system: str
    make: Callable[[Asked], Sending]
    name: str
    revision_at: str
    time_at: str
    steps: tuple[str, ...]
    begins: str
    status: str = "Unknown"

    def sending(self, step: str, **more: Any) -> Sending:
        return self.make(Asked(step, **more))

    def without(self, place: str, sending: Sending, value: Any = None) -> Sending:
        """The request with one field left out, or replaced."""
        document = json.loads(json.dumps(sending.document))
        *way, last = place.split(".")
        found = document
        for part in way:
            found = found[part]
        found.pop(last)
        if value is not None:
            found[last] = value
        return replace(sending, document=document)


def stamp(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def json_form(asked: Asked) -> Sending:
    times = {"at": stamp(asked.began if asked.step == "started" else asked.ended), "started_at": stamp(asked.began)}
    return Sending(
        {"phase": asked.step, "revision": asked.revision, "id": asked.id, "environment": "prod", "actor": "ana",
         "url": "https://ci.example.org/41", **times},
    )  # fmt: skip


ALL = ("started", "succeeded", "failed", "canceled", "rolled_back")
TELLINGS = (Telling("json", json_form, "prod", "revision", "at", ALL, "itself"),)
