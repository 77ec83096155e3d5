"""Host keys on pages: what a server shows is set before a person as a fingerprint, and pinned only when confirmed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.domain.environment import TargetSpec
from app.web.pages.visit import Visit

ENDS = ("target", "target.jump")
TITLE = "Is this the server that you mean?"
COMPARE = "Compare it with what its administrator says (ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub there)."


def told(visit: Visit, found: TargetSpec) -> str:
    """The fingerprints of a target's host keys, and what to compare them with."""
    facts = visit.queries.targets.facts(visit.who, found)
    return " ".join([*(f"{title}: {text}." for title, text in facts.items() if title.startswith("Host key")), COMPARE])


def unconfirmed(typed: Mapping[str, str], before: TargetSpec | None) -> bool:
    """Whether saving what was typed would pin a key that nobody has seen: one that is missing, or that was pinned for
    another address."""
    if typed["target.kind"] != "ssh":
        return False
    return any(typed[f"{end}.host"] and _unseen(typed, end, _known(before, end)) for end in ENDS)


def _unseen(typed: Mapping[str, str], end: str, known: Mapping[str, Any]) -> bool:
    key = typed[f"{end}.host_key"]
    moved = any(str(known.get(name, "")) != typed[f"{end}.{name}"] for name in ("host", "port"))
    return not key or (moved and key == known.get("host_key"))


def _known(before: TargetSpec | None, end: str) -> Mapping[str, Any]:
    if before is None or before.kind != "ssh":
        return {}
    return before.options if end == "target" else before.option("jump") or {}


def pinned(target: TargetSpec) -> tuple[Any, ...]:
    """The keys that a target is pinned to, each with its address."""
    ends = (target.options, target.option("jump") or {})
    return tuple((one.get("host"), one.get("port"), one.get("host_key")) for one in ends if one.get("host_key"))
