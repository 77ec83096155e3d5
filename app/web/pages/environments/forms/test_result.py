"""The result of a test from the form."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """The result's tone and text. `confirm`: a person has to confirm the found values before they are pinned."""

    tone: str
    title: str
    body: str = ""
    branches: tuple[str, ...] = ()
    confirm: bool = False
