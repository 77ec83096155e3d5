"""The shape of a drift report that an agent sends: what pages will show is checked before anything of it is stored.

Words for changes and actions may be those of a newer version; they only have to be words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from app.domain.errors import InvalidInput

MOST = 2**31


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _maybe_text(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _count(value: Any) -> bool:
    return type(value) is int and 0 <= value < MOST


def _maybe_count(value: Any) -> bool:
    return value is None or _count(value)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


Shape = Mapping[str, tuple[Callable[[Any], bool], str]]
REPORT: Shape = {
    "count": (_count, "must be a number that can be counted"),
    "unmanaged_count": (_count, "must be a number that can be counted"),
    "ignored": (_texts, "must be a list of texts"),
    "unmanaged": (_texts, "must be a list of texts"),
    "revision": (_maybe_text, "must be text"),
    "episode": (_maybe_count, "must be a number"),
}
ITEM: Shape = {
    "path": (_text, "must be text"),
    "change": (_text, "must be a word"),
    "action": (_text, "must be a word"),
    "diff": (_maybe_text, "must be text"),
    "secret_lines": (_maybe_count, "must be a number that can be counted"),
}


def check_drift(report: Mapping[str, Any]) -> None:
    """Raise InvalidInput that names the first field of a type that it cannot have. What is left out is empty."""
    _check(report, REPORT, "report")
    items = report.get("items", [])
    if not isinstance(items, list) or not all(isinstance(one, Mapping) for one in items):
        raise InvalidInput(fields={"report.items": "must be a list of objects"})
    for number, one in enumerate(items):
        _check(one, ITEM, f"report.items.{number}")
        if not one.get("path"):
            raise InvalidInput(fields={f"report.items.{number}.path": "is required"})


def _check(values: Mapping[str, Any], shape: Shape, at: str) -> None:
    for name, (right, must) in shape.items():
        if name in values and not right(values[name]):
            raise InvalidInput(fields={f"{at}.{name}": must})
