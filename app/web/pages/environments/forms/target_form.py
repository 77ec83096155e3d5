"""The part of an environment's form that is about its target, made from the description of the chosen kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from app.domain.environment import TargetSpec
from app.domain.errors import InvalidInput, Problem
from app.domain.specification.kind_catalogue import KindCatalogue
from app.domain.specification.target_kind import TARGET, FieldType, Section, TargetField
from app.web.pages.environments.forms import pin_confirmation
from app.web.pages.environments.forms.test_result import Finding
from app.web.requests.visit import Visit

KIND = f"{TARGET}.kind"
Number = Callable[[str], Any]


def fresh(kinds: KindCatalogue) -> dict[str, str]:
    """A new form's values: the fields of every kind, so that what fits stays when another kind is chosen."""
    values = {KIND: next(iter(kinds), "")}
    for kind in kinds.values():
        for section in kind.sections():
            for field in section.fields:
                values.setdefault(f"{section.place}.{field.name}", str(field.default or ""))
    return values


def target(kinds: KindCatalogue, typed: Mapping[str, str], number: Number) -> dict[str, Any]:
    """The typed values as the target's specification. A group counts where its first field is filled in, a field with a
    condition where that holds."""
    kind = kinds.get(typed[KIND])
    values: dict[str, Any] = {"kind": typed[KIND]}
    for section in kind.sections() if kind else ():
        given = dict(_given(section, typed, number))
        if section.place == TARGET:
            values |= given
        elif given.get(section.fields[0].name):
            values[section.place.rpartition(".")[2]] = given
    return values


def _given(section: Section, typed: Mapping[str, str], number: Number) -> Iterator[tuple[str, Any]]:
    for field in section.fields:
        text = typed[f"{section.place}.{field.name}"]
        if field.when is None or typed[f"{section.place}.{field.when[0]}"] == field.when[1]:
            yield field.name, (number(text) if field.type is FieldType.NUMBER else text) or None


def shown(kinds: KindCatalogue, spec: TargetSpec) -> dict[str, str]:
    """A target as the form shows it."""
    kind = kinds.get(spec.kind)
    values = {KIND: spec.kind}
    for section in kind.sections() if kind else ():
        given = section.options(spec.options)
        names = (field.name for field in section.fields if field.name in given)
        values |= {f"{section.place}.{name}": str(given[name]) for name in names}
    return values


def looked_up(visit: Visit, typed: Mapping[str, str], number: Number) -> tuple[dict[str, str], Finding]:
    """Ask the place for the values to pin; returns the typed values with them, and the fingerprints to compare."""
    kinds = visit.queries.targets.kinds()
    pinned = dict(_pinned(kinds, typed))
    if not pinned:
        return dict(typed), Finding("bad", "Nothing could be looked up", "This kind of target pins nothing.")
    pin = next(field.pin for field in pinned.values() if field.pin)
    wrong = f"No {pin.noun} could be looked up"
    try:
        found = visit.use_cases.registration.completed(target(kinds, {**typed, **dict.fromkeys(pinned, "")}, number))
    except InvalidInput as problem:
        text = "; ".join(f"{field} {wrong}" for field, wrong in problem.fields.items())
        return dict(typed), Finding("bad", wrong, text or problem.detail)
    except Problem as problem:
        return dict(typed), Finding("bad", wrong, problem.detail)
    fingerprints = pin_confirmation.fingerprints(visit, found, pin)
    return {**typed, **shown(kinds, found)}, Finding("warn", pin.question, fingerprints, confirm=True)


def _pinned(kinds: KindCatalogue, typed: Mapping[str, str]) -> Iterator[tuple[str, TargetField]]:
    kind = kinds.get(typed[KIND])
    for section in kind.sections() if kind else ():
        for field in section.fields:
            if field.pin:
                yield f"{section.place}.{field.name}", field
