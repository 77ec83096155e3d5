"""Domain values as JSON between control plane and agent, read back to equal values.

Any frozen dataclass of the domain can travel: enums as values, times as RFC 3339, tuples as lists, and what has a text
form (`parse`) as text. A field may have another name on the wire (`metadata={WIRE_NAME: ...}`). A field that is not
sent keeps its default, and one that is not known is left out, so that versions one apart understand each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from app.domain.audit import timestamp
from app.domain.errors import InvalidInput

T = TypeVar("T")
WIRE_NAME = "wire name"
_SCALARS = (str, int, float, bool)


def encode(value: Any) -> Any:
    """A value as JSON. Raises TypeError for what is no domain value."""
    if hasattr(value, "parse"):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {wire_name(one): encode(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, datetime):
        return timestamp(value)
    if isinstance(value, Mapping):
        return {str(key): encode(one) for key, one in value.items()}
    if isinstance(value, (tuple, list)):
        return [encode(one) for one in value]
    if value is None or isinstance(value, _SCALARS):
        return value.value if isinstance(value, StrEnum) else value
    raise TypeError(f"{type(value).__name__} cannot travel")


def wire_name(field: Field[Any]) -> str:
    """The name of a dataclass's field on the wire, and of its column in a store."""
    return str(field.metadata.get(WIRE_NAME, field.name))


def decode(kind: type[T], data: Any, at: str = "data") -> T:
    """A value of a dataclass from its JSON. Raises InvalidInput that names the field."""
    found: T = _read(kind, data, at)
    return found


def decode_value(kind: Any, data: Any, at: str) -> Any:
    """A value of any type that a field may have. Raises InvalidInput that names the field."""
    return _read(kind, data, at)


def _read(kind: Any, data: Any, at: str) -> Any:
    origin = get_origin(kind)
    if kind is Any:
        return data
    if origin in (Union, UnionType):
        inner = [one for one in get_args(kind) if one is not type(None)]
        return None if data is None else _read(inner[0], data, at)
    if origin is tuple:
        return tuple(_read(get_args(kind)[0], one, f"{at}.{n}") for n, one in enumerate(_typed(data, list, at)))
    if origin is not None:
        return dict(_typed(data, dict, at))
    if hasattr(kind, "parse"):
        return kind.parse(_typed(data, str, at))
    if is_dataclass(kind):
        return _dataclass(kind, _typed(data, dict, at), at)
    return _scalar(kind, data, at)


def _dataclass(kind: Any, data: Mapping[str, Any], at: str) -> Any:
    listed = ((one.name, wire_name(one), hint) for one, hint in _field_types(kind))
    given = {name: _read(hint, data[wire], f"{at}.{wire}") for name, wire, hint in listed if wire in data}
    try:
        return kind(**given)
    except TypeError:
        raise InvalidInput(fields={at: "lacks a required field"}) from None


@lru_cache
def _field_types(kind: Any) -> tuple[tuple[Field[Any], Any], ...]:
    hints = get_type_hints(kind)
    return tuple((one, hints[one.name]) for one in fields(kind))


def _scalar(kind: Any, data: Any, at: str) -> Any:
    if issubclass(kind, (StrEnum, datetime)):
        try:
            moment = issubclass(kind, datetime)
            return datetime.fromisoformat(_typed(data, str, at)) if moment else kind(_typed(data, str, at))
        except ValueError:
            raise InvalidInput(fields={at: f"must be {_name(kind)}"}) from None
    if kind is float and type(data) is int:
        return float(data)
    return _typed(data, kind, at)


def _typed(data: Any, kind: Any, at: str) -> Any:
    if type(data) is not kind:
        raise InvalidInput(fields={at: f"must be {_name(kind)}"})
    return data


def _name(kind: Any) -> str:
    if issubclass(kind, StrEnum):
        return f"one of {', '.join(one.value for one in kind)}"
    names = {datetime: "a time", str: "text", dict: "an object", list: "a list", bool: "true or false"}
    return names.get(kind, "a number")
