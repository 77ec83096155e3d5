"""From what came over the wire to a delivery that can be stored: who sent it, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from app.domain import webhook
from app.domain.environment import ExternalSpec
from app.domain.errors import InvalidInput, NotFound
from app.domain.external import SYSTEMS, ExternalSystem, understood
from app.domain.webhook import ReceivedBody, Sender
from app.domain.webhook.provider import Provider
from app.ports import Delivery
from app.services.triggers.external_tellings import kept

KEPT = 65536  # bytes of a body


def sender_of(name: str, spec: ExternalSpec | None) -> Sender:
    """Who delivers to an address of that name: a host of repositories, or (with `spec`) a system that delivers in our
    place. One of the other sort is known too, so that its proof can be looked at before it is told what is wrong.
    Raises NotFound."""
    first: Mapping[str, Sender] = webhook.PROVIDERS if spec is None else SYSTEMS
    other: Mapping[str, Sender] = SYSTEMS if spec is None else webhook.PROVIDERS
    found = first.get(name) or other.get(name)
    if found is None:
        raise NotFound(f"There is no webhook provider '{name[:40]}'; use {', '.join(first)}.")
    return found


def taken_in(
    sender: Sender, spec: ExternalSpec | None, hook: str, body: ReceivedBody, headers: Mapping[str, str]
) -> Delivery:
    """A delivery whose proof was right, read. Raises InvalidInput, PayloadTooLarge."""
    never = datetime.fromtimestamp(0, UTC)
    if isinstance(sender, Provider) and spec is None:
        said, id = webhook.read(sender, body, headers)
        announced = {ref: sha or "" for ref, sha in said.heads.items()}
        start, pushed = body.start(KEPT), said.pushed_at
        return Delivery(0, sender.name, hook, id, never, said.event, announced, body=start, pushed_at=pushed)
    if not isinstance(sender, ExternalSystem) or spec is None or sender.name != spec.system:
        raise InvalidInput(fields={"system": _other(sender, spec, hook)})
    event, told, id = understood(sender, body, headers)
    return Delivery(0, sender.name, hook, id, never, event, {}, body=kept(told))


def _other(sender: Sender, spec: ExternalSpec | None, hook: str) -> str:
    if spec is None:
        return f"must not be {sender.name}: PushPull delivers to {hook} itself; register it as delivered by others"
    return f"must be {spec.system}, which delivers to {hook}: send it to /webhooks/{spec.system}/{hook}"
