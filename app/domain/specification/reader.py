"""Reading fields out of nested JSON values, collecting everything that is wrong with them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Self

from app.domain.errors import InvalidInput


class UnknownField(str):
    """The problem of a field that this version does not know; a newer one may."""

    __slots__ = ()

    def __new__(cls, known: Sequence[str]) -> Self:
        """`known`: the names that are known at its place."""
        return super().__new__(cls, f"is not known here; known are {', '.join(known)}")


class FieldReader:
    """Reads fields out of nested JSON values and collects what is wrong with them."""

    def __init__(self, values: Any, place: str = "", errors: dict[str, str] | None = None) -> None:
        self.errors: dict[str, str] = {} if errors is None else errors
        self._place = place
        self.values: Mapping[str, Any] = values if isinstance(values, Mapping) else {}
        if not isinstance(values, Mapping):
            self.wrong("", "must be an object")

    def wrong(self, name: str, problem: str) -> None:
        """Note a problem with a field."""
        self.errors.setdefault(".".join(part for part in (self._place, name) if part), problem)

    def known(self, *names: str) -> None:
        """Refuse fields that do not exist, so that a slip of the pen is not silently ignored."""
        for name in self.values:
            if name not in names:
                self.wrong(str(name)[:60], UnknownField(names))

    def below(self, name: str) -> FieldReader:
        """A nested object; empty where it is left out."""
        place = ".".join(part for part in (self._place, name) if part)
        return FieldReader(self.values.get(name) if self.values.get(name) is not None else {}, place, self.errors)

    def items(self, name: str) -> Sequence[Any]:
        """A list; empty where it is left out."""
        found = self.values.get(name)
        if found is None:
            return ()
        if not isinstance(found, Sequence) or isinstance(found, str | bytes):
            self.wrong(name, "must be a list")
            return ()
        return found

    def has(self, name: str) -> bool:
        """Whether the field is given at all."""
        return self.values.get(name) is not None

    def text(self, name: str, default: str = "", *, limit: int = 2000, required: bool = False) -> str:
        """A string without control characters."""
        found = self.values.get(name)
        if found is None or found == "":
            if required:
                self.wrong(name, "is required")
            return default
        if not isinstance(found, str) or len(found) > limit or unreadable(found):
            self.wrong(name, f"must be text of at most {limit} characters without control characters")
            return default
        return found.strip()

    def number(self, name: str, default: int, low: int, high: int, *, required: bool = False) -> int:
        """A whole number within bounds."""
        found = self.values.get(name)
        if found is None:
            if required:
                self.wrong(name, "is required")
            return default
        if isinstance(found, bool) or not isinstance(found, int) or not low <= found <= high:
            self.wrong(name, f"must be a whole number from {low} to {high}")
            return default
        return found

    def seconds(self, name: str, default: float, high: float = 3600) -> float:
        """A positive number of seconds."""
        found = self.values.get(name)
        if found is None:
            return default
        if isinstance(found, bool) or not isinstance(found, int | float) or not 0 < found <= high:
            self.wrong(name, f"must be a number of seconds above 0, at most {high:g}")
            return default
        return float(found)

    def flag(self, name: str, default: bool) -> bool:
        """true or false."""
        found = self.values.get(name)
        if found is None:
            return default
        if not isinstance(found, bool):
            self.wrong(name, "must be true or false")
            return default
        return found

    def choice(self, name: str, default: str, choices: Sequence[str]) -> str:
        """One of some words."""
        found = self.text(name, default)
        if found not in choices:
            self.wrong(name, f"must be one of {', '.join(choices)}")
            return default
        return found

    def moment(self, name: str) -> datetime | None:
        """An RFC 3339 time."""
        found = self.text(name)
        if not found:
            return None
        try:
            at = datetime.fromisoformat(found)
            return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            self.wrong(name, "must be a time such as 2026-11-23T15:04:05Z")
            return None

    def command(self, name: str) -> tuple[str, ...]:
        """An argv: a list of strings, or one string that is split like a shell would, without running one."""
        found = self.values.get(name)
        try:
            parts = shlex.split(found) if isinstance(found, str) else list(found or ())
        except (ValueError, TypeError):
            parts = []
        if not parts or not all(isinstance(part, str) and part and _passable(part) for part in parts):
            self.wrong(name, 'must be a command such as ["systemctl", "reload", "nginx"]')
            return ()
        return tuple(parts)


def wrong(errors: Mapping[str, str]) -> InvalidInput:
    """All that is wrong with a specification: {dotted path: text}."""
    return InvalidInput(fields=errors)


def unreadable(text: str) -> bool:
    """Whether it holds control characters or halves of surrogate pairs, which no database and no command takes."""
    return any(ord(c) < 32 or ord(c) == 127 or 0xD800 <= ord(c) <= 0xDFFF for c in text)


def _passable(text: str) -> bool:
    """Whether a command's argument may hold it; lines and tabs are fine there."""
    return not unreadable(text.replace("\n", " ").replace("\t", " "))
