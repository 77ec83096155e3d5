"""What a test from the form found out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """Its tone, and what it says. `confirm`: it found what a person has to confirm before it is pinned."""

    tone: str
    title: str
    body: str = ""
    branches: tuple[str, ...] = ()
    confirm: bool = False
