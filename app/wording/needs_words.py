"""Which environments need a person, and why, in a few words; what a row of the overview says beside the status."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.domain.environment import Environment, Hold
from app.domain.need_reasons import NeedReason, need_at
from app.domain.specification.kind_catalogue import KindCatalogue
from app.domain.state.drift import Episode
from app.domain.status import Health
from app.wording.badges import look
from app.wording.quantities import plural
from app.wording.short_names import actor
from app.wording.times import duration, exact, relative, since

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
            return _cut(f"had an operation that failed: {status.last_reason or 'no reason'}")
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


@dataclass(frozen=True, slots=True)
class RowSign:
    """A short mark on a row; `hint` says the rest on hover and to screen readers."""

    label: str
    tone: str
    icon: str
    hint: str = ""


def signs_of(environment: Environment, health: Health, noun: str) -> tuple[RowSign, ...]:
    """The marks of an environment, the most urgent first; why it is OutOfSync, or its health, only where there is
    nothing else to say."""
    urgent = tuple(_urgent(environment, health, noun))
    return urgent or (_plain(environment, health),)


def _urgent(environment: Environment, health: Health, noun: str) -> Iterable[RowSign]:
    status = environment.status
    if status.failed:
        yield RowSign("failed", "bad", "cross", status.last_reason or "The last operation failed.")
    if environment.hold:
        yield _hold(environment.hold)
    if status.drift_count:
        yield RowSign(f"{status.drift_count:,} drifted", "warn", "wave", f"{plural(status.drift_count, noun)} drifted")
    if status.operation:
        yield RowSign("under way", "busy", "busy", "An operation is queued or running.")
    if environment.policy.observe:
        yield RowSign("shadow", "none", "eye", "Observes only; applies nothing.")
    if health in (Health.DEGRADED, Health.MISSING, Health.PROGRESSING):
        seen = look(health, "health")
        yield RowSign(seen.label, seen.tone, seen.icon, seen.hint)


def _plain(environment: Environment, health: Health) -> RowSign:
    why = environment.status.divergence
    seen = look(why, "divergence") if why else look(health, "health")
    return RowSign(seen.label, "none" if why else seen.tone, seen.icon, seen.hint)


def _hold(hold: Hold) -> RowSign:
    end = f" Until {exact(hold.expires_at)}." if hold.expires_at else ""
    reason = f" {hold.reason.rstrip('. ')}." if hold.reason else ""
    label, icon = ("rolled back", "rollback") if hold.left_revision else ("held", "hold")
    return RowSign(label, "none", icon, f"Automation is held by {actor(hold.owner)}.{reason}{end}")


def kept_back(holds: Sequence[Hold], now: datetime) -> str:
    """Every hold in one sentence, "" without one: "1 held since 3 d; 2 rolled back, the first since 4 h." """
    parts = []
    for word, kept in (
        ("held", [hold for hold in holds if not hold.left_revision]),
        ("rolled back", [hold for hold in holds if hold.left_revision]),
    ):
        if kept:
            lasting = " ".join(duration(now - min(hold.created_at for hold in kept)).split(" ")[:2])
            parts.append(f"{len(kept):,} {word}{' since' if len(kept) == 1 else ', the first since'} {lasting}")
    return f"{'; '.join(parts)}." if parts else ""
