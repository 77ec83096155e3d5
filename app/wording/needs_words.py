"""Which environments need a person, and why, in a few words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.domain.environment import Environment
from app.domain.need_reasons import NeedReason, need_at
from app.domain.specification.kind_catalogue import KindCatalogue
from app.domain.state.drift import Episode
from app.wording.times import relative, since

WORDS = 220
NO_AGENT = "waits for an agent to be enrolled"
LOOKS = {
    NeedReason.SILENT_AGENT: ("warn", "unknown"),
    NeedReason.TARGET_UNREADABLE: ("bad", "alert"),
    NeedReason.DELIVERY_FAILED: ("bad", "cross"),
    NeedReason.UNHEALTHY: ("bad", "alert"),
    NeedReason.DRIFT: ("warn", "wave"),
    NeedReason.CONDITION: ("warn", "branch"),
    NeedReason.STALE_VERDICT: ("warn", "unknown"),
}  # (tone, icon)


@dataclass(frozen=True, slots=True)
class Need:
    """Why an environment needs a person: "NAME" followed by `words`."""

    name: str
    tone: str
    icon: str
    words: str


def need_of(
    environment: Environment, now: datetime, kinds: KindCatalogue, episode: Episode | None = None
) -> Need | None:
    """The most urgent reason, or None. `episode` lets it say how long drift has lasted."""
    reason = need_at(environment, now)
    drifted = kinds.counted(environment.target, environment.status.drift_count)
    return (
        Need(environment.name, *LOOKS[reason], _words(reason, environment, now, episode, drifted)) if reason else None
    )


def _words(reason: NeedReason, environment: Environment, now: datetime, episode: Episode | None, drifted: str) -> str:
    status = environment.status
    match reason:
        case NeedReason.SILENT_AGENT:
            heard = f", which was last heard {relative(status.heard_at, now)}" if status.heard_at else ""
            return f"has lost its agent{heard}" if environment.agent else NO_AGENT
        case NeedReason.TARGET_UNREADABLE:
            return _cut(f"cannot be looked at: {status.condition.text}")
        case NeedReason.DELIVERY_FAILED:
            return _cut(f"had a failed delivery: {status.last_reason or 'no reason'}")
        case NeedReason.UNHEALTHY:
            return _cut(f"is {status.health.value}: {status.last_reason or 'see its timeline'}")
        case NeedReason.DRIFT:
            lasting = f"has been in drift for {since(episode.detected_at, now)}" if episode else "has drifted"
            return f"{lasting}: {drifted}"
        case NeedReason.CONDITION:
            return _cut(f"cannot follow Git: {status.condition.text}")
        case NeedReason.STALE_VERDICT:
            return f"was last compared {relative(status.checked_at, now)}"


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= WORDS else line[: WORDS - 1] + "…"
