"""Slices of long lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A slice of a list; `next` is the cursor of what follows, None at the end."""

    items: tuple[T, ...]
    next: str | None = None
