"""What there is to know of a system that delivers in our place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from app.domain.environment import Mode
from app.domain.external.payload import Payload
from app.domain.external.told import Told
from app.domain.webhook.provider import Sender


@dataclass(frozen=True, slots=True)
class SentEvent:
    """A delivery whose proof was right. `event`: as its header names it; header names are lower-case."""

    event: str
    payload: Payload
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ExternalSystem(Sender):
    """How one system proves and describes what it did. `mode`: how it delivers, where nobody says otherwise.

    `called`: what the name of an environment is there ("application"); `steps`: how to make it tell us, as a text to
    copy in which @URL@, @SECRET@ and @NAME@ are filled in; `place`: where that text belongs. `read` notes what is wrong
    in the payload itself, and returns nothing for what is not about deliveries."""

    read: Callable[[SentEvent], tuple[Told, ...]] = field(kw_only=True)
    mode: Mode = field(kw_only=True)
    called: str = field(kw_only=True)
    place: str = field(kw_only=True)
    steps: str = field(kw_only=True)
