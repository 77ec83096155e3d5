"""Reading a target's options by the description of its fields."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from app.domain.specification.reader import FieldReader
from app.domain.specification.target_kind import FieldType, TargetField


def read_options(reader: FieldReader, fields: Iterable[TargetField]) -> dict[str, Any]:
    """The fields' values, normalised: defaults filled in, empty ones and those whose condition fails left out.

    Every given value is checked, also one that is left out; what is wrong is collected in the reader."""
    found: dict[str, Any] = {}
    for field in fields:
        value = _value(reader, field)
        counts = field.when is None or found.get(field.when[0]) == field.when[1]
        if counts and value not in (None, ""):
            found[field.name] = value
    return found


def _value(reader: FieldReader, field: TargetField) -> Any:
    if field.type is FieldType.NUMBER:
        return reader.number(field.name, int(field.default or 0), field.low, field.high, required=field.required)
    if field.type is FieldType.CHOICE:
        return reader.choice(field.name, str(field.default or ""), [value for value, _ in field.choices])
    if field.type is FieldType.GROUP:
        if not reader.has(field.name):
            return None
        below = reader.below(field.name)
        below.known(*(one.name for one in field.fields))
        return read_options(below, field.fields)
    return reader.text(field.name, str(field.default or ""), limit=field.limit, required=field.required)
