"""Who acts: a person, a token, an agent, or a part of PushPull itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ActorKind(StrEnum):
    """What acts; the value begins its text form."""

    USER = "user"
    TOKEN = "token"  # noqa: S105 - the word, not a secret
    AGENT = "agent"
    LOCAL = "local"  # a person at an agent's own command line
    SYSTEM = "system"
    EXTERNAL = "external"  # a system that delivers in our place
    OTHER = ""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and from which address. Stores, agents and the API hold the text form, `str(actor)`: "user:ana",
    "token:ci", "system:schedule"; what acts without being one of these ("outside") stands for itself."""

    kind: ActorKind
    name: str
    ip: str | None = None

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.name}" if self.kind.value else self.name

    @classmethod
    def parse(cls, text: str, ip: str | None = None) -> Actor:
        """An actor from its text form; what has none is of the kind OTHER and keeps its whole text."""
        kind, colon, name = text.partition(":")
        known = colon and kind in list(ActorKind)
        return cls(ActorKind(kind), name, ip) if known and kind else cls(ActorKind.OTHER, text, ip)


def user(name: str, ip: str | None = None) -> Actor:
    """A person with an account."""
    return Actor(ActorKind.USER, name, ip)


def token(name: str, ip: str | None = None) -> Actor:
    """A script, by the name of its token."""
    return Actor(ActorKind.TOKEN, name, ip)


def agent(name: str, ip: str | None = None) -> Actor:
    """An agent, by its name."""
    return Actor(ActorKind.AGENT, name, ip)


def external(system: str) -> Actor:
    """A system that delivers in our place, by its name in the registry."""
    return Actor(ActorKind.EXTERNAL, system)


def _part(name: str) -> Actor:
    return Actor(ActorKind.SYSTEM, name)


SCHEDULE = _part("schedule")
SELF_HEAL = _part("self-heal")
AUTO_ROLLBACK = _part("auto-rollback")
AGENT = _part("agent")
RECOVERY = _part("recovery")
WEBHOOK = _part("webhook")
SERVER = _part("server")
START = _part("start")
EXPERIMENT = _part("experiment")
NOBODY = Actor(ActorKind.OTHER, "")
