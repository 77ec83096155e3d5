"""Agents as the contract's JSON."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from app.domain.agents.protocol import Agent
from app.web.api.serializers.domain_json import at


def agent_json(one: Agent, now: datetime, environments: Iterable[str], waiting: int) -> dict[str, Any]:
    """An agent, without its credential."""
    return {
        "id": one.id,
        "name": one.name,
        "version": one.version,
        "environments": sorted(environments),
        "enrolled_at": at(one.enrolled_at),
        "enrolled_by": one.enrolled_by,
        "heard_at": at(one.heard_at),
        "connected": one.connected(now),
        "address": one.address,
        "offset_s": round(one.offset_s, 6),
        "offset_error_s": one.offset_error_s,
        "waiting": waiting,
        "reported": one.reported,
        "rotated_at": at(one.rotated_at),
        "revoked_at": at(one.revoked_at),
        "revoked_by": one.revoked_by,
    }
