"""Host keys in answers: beside each its fingerprint, which is what people compare. It is read-only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.ssh import fingerprint

SHOWN = "host_key_fingerprint"


def with_fingerprints(target: Mapping[str, Any]) -> dict[str, Any]:
    """A target with the fingerprints of its pinned host keys, the jump host's included."""
    told = {name: with_fingerprints(one) if isinstance(one, Mapping) else one for name, one in target.items()}
    return {**told, SHOWN: fingerprint(str(told["host_key"]))} if told.get("host_key") else told


def without_fingerprints(change: Mapping[str, Any]) -> dict[str, Any]:
    """What was sent, without what an answer had added: a document that was shown can be sent back."""
    target = change.get("target")
    return {**change, "target": _without(target)} if isinstance(target, Mapping) else dict(change)


def _without(one: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in one.items() if name != SHOWN}
    return {**kept, "jump": _without(kept["jump"])} if isinstance(kept.get("jump"), Mapping) else kept
