"""Who asks, and what that lets them do."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.actor import SERVER, Actor
from app.domain.permissions import READ_ONLY, ROLES, Permission


@dataclass(frozen=True, slots=True)
class Identity:
    """A person, a token, or a part of PushPull that reads by itself.

    `actor`: who is written down; `id`: of the user or token, "" for PushPull itself; `must_change`: a one-time password
    has to be replaced before anything else.
    """

    actor: Actor
    role: str
    id: str
    must_change: bool = False

    def may(self, permission: Permission) -> bool:
        """Whether the identity's role grants the action."""
        return permission in ROLES.get(self.role, frozenset())


SYSTEM = Identity(SERVER, READ_ONLY, "")  # reads where nobody asks: figures, headlines
