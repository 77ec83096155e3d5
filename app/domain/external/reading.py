"""From a delivery whose proof was right to what it tells."""

from __future__ import annotations

import json
from collections.abc import Mapping

from app.domain.errors import InvalidInput, PayloadTooLarge
from app.domain.external.external_system import ExternalSystem, SentEvent
from app.domain.external.payload import Payload
from app.domain.external.told import Told
from app.domain.specification.reader import unreadable, wrong
from app.domain.webhook import ReceivedBody, delivery_id

MOST_BYTES = 1024 * 1024


def understood(
    system: ExternalSystem, body: ReceivedBody, headers: Mapping[str, str]
) -> tuple[str, tuple[Told, ...], str]:
    """The event, what it tells, and the delivery's id. Raises PayloadTooLarge, InvalidInput with the fields that are
    wrong ("body" for all of it)."""
    if body.size() > MOST_BYTES:
        raise PayloadTooLarge(f"What {system.title} tells must fit into {MOST_BYTES} bytes.")
    try:
        found = json.loads(body.document())
    except (ValueError, RecursionError):
        raise InvalidInput(fields={"body": "must be a JSON document"}) from None
    if not isinstance(found, dict):
        raise InvalidInput(fields={"body": "must be a JSON object"})
    payload = Payload(found)
    inside = payload.identity(system.body_event) if system.body_event else ""
    event = next((headers[name] for name in system.event if headers.get(name)), inside)[:100]
    if unreadable(event):
        raise InvalidInput(fields={"event": "holds control characters"})
    told = system.read(SentEvent(event, payload, headers))
    if payload.errors:
        raise wrong(payload.errors)
    return event, told, delivery_id(system, body, headers, found)
