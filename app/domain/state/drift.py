"""Drift episodes, and the rules that accept drift."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

from app.domain.environment import IgnoreRule
from app.domain.state.items import printable
from app.domain.state.plan import Action, Drift


class Ending(StrEnum):
    """How an episode ended. `superseded`: a new revision was applied over it; `healed`: live equals desired again."""

    HEALED = "healed"
    WRITTEN_BACK = "adopted"  # the stored and the wire word, older than the name
    IGNORED = "ignored"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Episode:
    """A stretch of time in which live had moved. It began between `last_good_at` (the onset bound) and `detected_at`.

    `paths` is a bounded sample of what drifted. `ended_by` says who ended it: a person, a token, "self_heal", or
    "outside" when the target was put right by someone else. `operation`: the run that ended it, or found it ended.
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
    operation: str | None = None


@dataclass(frozen=True, slots=True)
class DriftItem:
    """One drifted path. `action`: what a sync would do there; `diff`: unified text with secrets masked, None where
    there is none to show; `secret_lines`: how many lines would publish a secret if they were written back, None where
    the content is too large to be looked through."""

    path: str
    change: Drift
    action: Action
    diff: str | None = None
    secret_lines: int | None = 0


@dataclass(frozen=True, slots=True)
class DriftReport:
    """What the last full comparison found different on the target, against `revision`, which is live.

    `count` counts all drifted paths, `items` holds a bounded number of them. `ignored`: paths at which drift is
    accepted; `unmanaged`: a sample of the paths that were never delivered.
    """

    revision: str | None = None
    items: tuple[DriftItem, ...] = ()
    count: int = 0
    ignored: tuple[str, ...] = ()
    unmanaged: tuple[str, ...] = ()
    unmanaged_count: int = 0
    episode: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """The report as it is stored, and as an agent sends it."""
        items: list[dict[str, Any]] = [
            {"path": item.path, "change": item.change.value, "diff": item.diff, "action": item.action.value}
            | ({} if item.secret_lines == 0 else {"secret_lines": item.secret_lines})
            for item in self.items
        ]
        return {
            "items": items,
            "count": self.count,
            "ignored": list(self.ignored),
            "unmanaged": list(self.unmanaged),
            "unmanaged_count": self.unmanaged_count,
            "episode": self.episode,
            "revision": self.revision,
        }


def read_report(data: Mapping[str, Any]) -> DriftReport:
    """A report from its stored form. What another version left out is empty, and what it calls otherwise than we do
    counts as changed."""
    items = tuple(_item(one) for one in _listed(data, "items") if isinstance(one, Mapping))
    revision, episode = data.get("revision"), data.get("episode")
    return DriftReport(
        revision if isinstance(revision, str) else None,
        items,
        _count(data, "count", len(items)),
        tuple(str(path) for path in _listed(data, "ignored")),
        tuple(str(path) for path in _listed(data, "unmanaged")),
        _count(data, "unmanaged_count", 0),
        episode if isinstance(episode, int) else None,
    )


def _item(data: Mapping[str, Any]) -> DriftItem:
    change, action, diff = (data.get(name) for name in ("change", "action", "diff"))
    return DriftItem(
        str(data.get("path", "")),
        Drift(change) if change in list(Drift) else Drift.CHANGED,
        Action(action) if action in list(Action) else Action.UPDATE,
        diff if isinstance(diff, str) else None,
        None if data.get("secret_lines", 0) is None else _count(data, "secret_lines", 0),
    )


def _listed(data: Mapping[str, Any], name: str) -> list[Any]:
    found = data.get(name)
    return found if isinstance(found, list) else []


def _count(data: Mapping[str, Any], name: str, default: int) -> int:
    found = data.get(name)
    return found if isinstance(found, int) else default


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
