"""Whether a delivery is authentic, which one it is, and what it says."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from app.domain.errors import InvalidInput, SignatureMismatch
from app.domain.specification.reader import unreadable
from app.domain.webhook.provider import Announcement, Proof, ProofHeader, Provider, Sender
from app.domain.webhook.received_body import ReceivedBody
from app.domain.webhook.secret_rules import keys, spoken

MOST_HEADS, LONGEST_REF = 1000, 1000
_COMMIT = re.compile(r"[0-9a-f]{4,64}\Z")


def proven(provider: Sender, headers: Mapping[str, str]) -> bool:
    """Whether a delivery brings a proof at all, right or wrong."""
    return any(headers.get(one.name) for one in provider.proofs)


def authenticate(provider: Sender, secret: str, body: ReceivedBody, headers: Mapping[str, str]) -> None:
    """Check a delivery against the hook's secret, in constant time. Raises SignatureMismatch."""
    proof = next((one for one in provider.proofs if headers.get(one.name)), provider.proofs[0])
    given = _bytes(headers.get(proof.name, ""))
    expected = _expected(proof, secret, body)
    if proof.proof is Proof.BASIC:
        given = _password(given)
    if not given or not sum(hmac.compare_digest(given, one) for one in expected):
        names = " or ".join(one.name for one in provider.proofs)
        raise SignatureMismatch(f"Header {names} is missing or does not match this webhook's secret.")


def _expected(proof: ProofHeader, secret: str, body: ReceivedBody) -> Iterable[bytes]:
    if proof.proof is Proof.HMAC:
        return [(proof.prefix + mac).encode() for key in keys(secret) for mac in body.macs(key)]
    return spoken(secret)


def _bytes(header: str) -> bytes:
    """A header's bytes as they came; ASGI servers read them as Latin-1."""
    return header.encode("latin-1") if all(ord(c) < 256 for c in header) else header.encode("utf-8", "replace")


def _password(header: bytes) -> bytes:
    scheme, _, encoded = header.partition(b" ")
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True)
    except binascii.Error:
        return b""
    return decoded.partition(b":")[2] if scheme.lower() == b"basic" else b""


def delivery_id(provider: Sender, body: ReceivedBody, headers: Mapping[str, str], payload: Any = None) -> str:
    """The provider's delivery id, or a digest of the body where none is sent."""
    found = next((headers[name] for name in provider.delivery if headers.get(name)), "")
    inside = payload.get(provider.body_id) if isinstance(payload, dict) and provider.body_id else None
    found = found or (str(inside) if isinstance(inside, str | int) and not unreadable(str(inside)) else "")
    return found[:200] or "sha256:" + body.digest()


def read(provider: Provider, body: ReceivedBody, headers: Mapping[str, str]) -> tuple[Announcement, str]:
    """What an authenticated delivery announces, and its id. Raises InvalidInput for anything that does not have the
    provider's form."""
    event = next((headers[name] for name in provider.event if headers.get(name)), "push")[:100]
    try:
        payload = json.loads(body.document())
        if not isinstance(payload, dict):
            raise TypeError("the body is not a JSON object")
        event = str(payload.get(provider.body_event, event))[:100] if provider.body_event else event
        return _storable(provider.parse(event, payload)), delivery_id(provider, body, headers, payload)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        hint = f"the body is not a {provider.title} {event} delivery ({type(error).__name__})"
        raise InvalidInput(f"The delivery was not understood: {hint}.", fields={"body": hint}) from None


def _storable(found: Announcement) -> Announcement:
    """The announcement again, bounded. Raises ValueError where it names what cannot be a ref or a commit.

    Of very many refs nothing is named in particular: whoever follows one of them looks at Git, which tells.
    """
    if unreadable(found.event):
        raise ValueError("the event holds control characters")
    for ref, sha in found.heads.items():
        if unreadable(ref) or len(ref) > LONGEST_REF or (sha is not None and not _COMMIT.match(sha)):
            raise ValueError("a ref or a commit has no name that Git could have given it")
    return found if len(found.heads) <= MOST_HEADS else Announcement(found.event, {"": None})
