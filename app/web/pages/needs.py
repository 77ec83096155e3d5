"""Which environments need a person, and why, in a few words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.domain.environment import Environment
from app.domain.state.drift import Episode
from app.domain.status import ConditionKind, SyncStatus
from app.ports import Transaction
from app.web.rendering.present import plural, relative, since

WORDS = 220
NO_AGENT = "waits for an agent to be enrolled"


@dataclass(frozen=True, slots=True)
class Need:
    """Why an environment needs a person: "NAME" followed by `words`."""

    name: str
    tone: str
    icon: str
    words: str


def need_of(environment: Environment, now: datetime, episode: Episode | None = None) -> Need | None:
    """The most urgent reason, or None. `episode` lets it say how long drift has lasted."""
    status, name = environment.status, environment.name
    if environment.silent(now):
        heard = f", which was last heard {relative(status.heard_at, now)}" if status.heard_at else ""
        return Need(name, "warn", "unknown", f"has lost its agent{heard}" if environment.agent else NO_AGENT)
    if status.condition.about(ConditionKind.TARGET):
        return Need(name, "bad", "alert", _cut(f"cannot be looked at: {status.condition.text}"))
    if status.failed:
        return Need(name, "bad", "cross", _cut(f"had a failed delivery: {status.last_reason or 'no reason'}"))
    if status.unwell:
        return Need(name, "bad", "alert", _cut(f"is {status.health.value}: {status.last_reason or 'see its timeline'}"))
    if status.drift_count:
        lasting = f"has been in drift for {since(episode.detected_at, now)}" if episode else "has drifted"
        return Need(name, "warn", "wave", f"{lasting}: {plural(status.drift_count, 'file')}")
    if status.condition:
        return Need(name, "warn", "branch", _cut(f"cannot follow Git: {status.condition.text}"))
    if status.sync is SyncStatus.SYNCED and status.sync_at(now) is SyncStatus.UNKNOWN and status.checked_at:
        return Need(name, "warn", "unknown", f"was last compared {relative(status.checked_at, now)}")
    return None


def needs_of(tx: Transaction, environments: Sequence[Environment], now: datetime) -> tuple[Need, ...]:
    """The reasons of some environments; those that need nobody are left out."""
    found = (need_of(one, now, _episode(tx, one)) for one in environments)
    return tuple(need for need in found if need is not None)


def _episode(tx: Transaction, environment: Environment) -> Episode | None:
    return tx.episodes.current(environment.id) if environment.status.drift_count else None


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= WORDS else line[: WORDS - 1] + "…"
