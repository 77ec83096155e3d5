"""Pinned values (host keys) in answers: beside each its fingerprint, which is what people compare. It is read-only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from app.domain.specification.kind_catalogue import KindCatalogue
from app.domain.specification.target_kind import TargetField


def with_fingerprints(kinds: KindCatalogue, target: Mapping[str, Any]) -> dict[str, Any]:
    """A target with the fingerprints of its pinned values, those in its groups included."""
    kind = kinds.get(str(target.get("kind")))
    return _with(kind.fields if kind else (), target)


def _with(fields: Iterable[TargetField], options: Mapping[str, Any]) -> dict[str, Any]:
    shown = dict(options)
    for field in fields:
        given = options.get(field.name)
        if field.fields and isinstance(given, Mapping):
            shown[field.name] = _with(field.fields, given)
        elif field.pin and given:
            shown[field.fingerprint] = field.pin.fingerprint(str(given))
    return shown


def without_fingerprints(kinds: KindCatalogue, change: Mapping[str, Any]) -> dict[str, Any]:
    """What was sent, without what an answer had added: a document that was shown can be sent back."""
    target = change.get("target")
    if not isinstance(target, Mapping):
        return dict(change)
    for kind in kinds.values():
        target = _without(kind.fields, target)
    return {**change, "target": target}


def _without(fields: Iterable[TargetField], options: Mapping[str, Any]) -> dict[str, Any]:
    kept = dict(options)
    for field in fields:
        given = options.get(field.name)
        if field.fields and isinstance(given, Mapping):
            kept[field.name] = _without(field.fields, given)
        elif field.pin:
            kept.pop(field.fingerprint, None)
    return kept
