"""The inputs of a kind's fields, row by row, as the form draws them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from app.domain.environment import RunsOn
from app.domain.specification.target_kind import TARGET, FieldType, Section, TargetField, TargetKind
from app.ports import Credential

Options = tuple[tuple[str, str], ...]
NO_CREDENTIAL = ("", "None, or this machine's keys")
PLAIN = {"autocomplete": "off", "spellcheck": "false"}


@dataclass(frozen=True, slots=True)
class TargetInput:
    """One input. `options`: of a select; `when`: the value of another field with which it counts; `look_up`: what the
    place can be asked for, "" for nothing."""

    name: str
    label: str
    help: str
    options: Options = ()
    type: str = "text"
    attrs: Mapping[str, Any] | None = None
    when: str = ""
    look_up: str = ""


@dataclass(frozen=True, slots=True)
class InputRow:
    """Inputs that stand beside each other."""

    inputs: tuple[TargetInput, ...]

    @property
    def conditional(self) -> bool:
        """Whether one of them counts only with another's value."""
        return any(one.when for one in self.inputs)


@dataclass(frozen=True, slots=True)
class InputGroup:
    """A group of fields that is folded away at first: its summary, the input that opens it, and its rows."""

    label: str
    opener: str
    rows: tuple[InputRow, ...]


@dataclass(frozen=True, slots=True)
class TargetInputs:
    """Everything that environments/_target.html draws."""

    rows: tuple[InputRow, ...]
    groups: tuple[InputGroup, ...]


def inputs(kind: TargetKind, runs_on: RunsOn, stored: Collection[Credential]) -> TargetInputs:
    """A kind's inputs, with the credentials that there are to choose from."""
    own, *others = kind.sections()
    labels = {f"{TARGET}.{one.name}": one.label for one in kind.fields}
    groups = (
        InputGroup(labels[one.place], f"{one.place}.{one.fields[0].name}", _rows(one, runs_on, stored))
        for one in others
    )
    return TargetInputs(_rows(own, runs_on, stored), tuple(groups))


def _rows(section: Section, runs_on: RunsOn, stored: Collection[Credential]) -> tuple[InputRow, ...]:
    by_row = groupby(section.fields, key=lambda field: field.row or field.name)
    return tuple(InputRow(tuple(_input(section, one, runs_on, stored) for one in fields)) for _, fields in by_row)


def _input(section: Section, field: TargetField, runs_on: RunsOn, stored: Collection[Credential]) -> TargetInput:
    words, own = field.words(runs_on), section.place == TARGET
    number = field.type is FieldType.NUMBER
    return TargetInput(
        name=f"{section.place}.{field.name}",
        label=words.label,
        help=words.help,
        options=field.choices or (_credentials(field, stored) if field.credential else ()),
        type="number" if number else "text",
        attrs={"min": field.low, "max": field.high} if number else _attrs(field, own),
        when=field.when[1] if field.when else "",
        look_up=field.pin.noun if field.pin and own else "",
    )


def _attrs(field: TargetField, own: bool) -> dict[str, Any]:
    """A required field of a group is required with the group only, so a browser must not insist on it."""
    placeholder = {"placeholder": field.placeholder} if field.placeholder else {}
    return {**placeholder, **PLAIN, **({"required": True} if field.required and own else {})}


def _credentials(field: TargetField, stored: Collection[Credential]) -> Options:
    fitting = [one for one in stored if one.kind in field.credential]
    several = len(field.credential) > 1
    return (NO_CREDENTIAL, *((one.name, f"{one.name} ({one.kind})" if several else one.name) for one in fitting))
