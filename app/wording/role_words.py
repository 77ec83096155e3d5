"""What whoever has a role may do."""

from __future__ import annotations

from collections.abc import Mapping

from app.domain.permissions import ADMIN, READ_ONLY, ROLES

_DEEDS = {ADMIN: "do everything", READ_ONLY: "only read"}
DEEDS: Mapping[str, str] = {role: _DEEDS.get(role, f"do what the role {role} grants") for role in ROLES}


def deeds_of(role: str) -> str:
    """What somebody may, without the verb of the most general deed: "everything", "only read"."""
    return DEEDS.get(role, role).removeprefix("do ")
