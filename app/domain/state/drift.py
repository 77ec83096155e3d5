"""Drift episodes, and the rules that accept drift."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase

from app.domain.environment import IgnoreRule
from app.domain.state.items import printable


class Ending(StrEnum):
    """How an episode ended. `superseded`: a new revision was applied over it; `healed`: live equals desired again."""

    HEALED = "healed"
    ADOPTED = "adopted"
    IGNORED = "ignored"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Episode:
    """A stretch of time in which live had moved. It began between `last_good_at` (the onset bound) and `detected_at`.

    `paths` is a bounded sample of what drifted. `ended_by` says who ended it: a person, a token, "self_heal", or
    "outside" when the target was put right by someone else.
    """

    id: int
    environment_id: int
    environment: str
    mode: str
    revision: str | None
    last_good_at: datetime | None
    detected_at: datetime
    paths: tuple[str, ...] = ()
    count: int = 0
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    ended_at: datetime | None = None
    ending: Ending | None = None
    ended_by: str = ""


def acceptance(rules: Iterable[IgnoreRule], now: datetime) -> Callable[[bytes], bool]:
    """A test for "drift at this path is accepted": the rules that have not expired, as case-sensitive globs.

    `*` also matches `/`; a rule ending in `/` covers everything below it.
    """
    globs = [
        rule.path + "*" if rule.path.endswith("/") else rule.path
        for rule in rules
        if rule.expires_at is None or rule.expires_at > now
    ]
    return lambda path: any(fnmatchcase(printable(path), glob) for glob in globs)
