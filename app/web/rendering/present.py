"""How domain values read on a page: words, tones, icons, short revisions, durations, relative times.

A tone is one of "ok", "busy", "warn", "bad", "none". An icon is the id of a symbol in static/icons.svg.
Templates reach these functions as filters (`FILTERS`, installed by the renderer).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from app.domain.actor import Actor, ActorKind
from app.domain.revision import SHORT

NOTHING = "–"


@dataclass(frozen=True, slots=True)
class Badge:
    """How one value is shown; `hint` says in a sentence what it means."""

    label: str
    tone: str
    icon: str
    hint: str = ""


LOOKS: dict[str, dict[str, Badge]] = {
    "mode": {
        "push": Badge("push", "push", "push", "A pipeline pushes to the target."),
        "pull": Badge("pull", "pull", "pull", "An agent pulls from Git."),
    },
    "sync": {
        "Synced": Badge("Synced", "ok", "ok", "The target holds what Git declares."),
        "OutOfSync": Badge("OutOfSync", "warn", "differs", "The target differs from what Git declares."),
        "Unknown": Badge("Unknown", "none", "unknown", "The last comparison is too old to be believed."),
    },
    "health": {
        "Healthy": Badge("Healthy", "ok", "heart", "The health check passes."),
        "Suspended": Badge("Suspended", "none", "pause", "Paused on the target."),
        "Progressing": Badge("Progressing", "busy", "busy", "On its way to healthy."),
        "Missing": Badge("Missing", "bad", "missing", "Nothing stands at the target."),
        "Degraded": Badge("Degraded", "bad", "alert", "The health check fails."),
        "Unknown": Badge("Unknown", "none", "unknown", "No health check has answered yet."),
    },
    "divergence": {
        "new_revision": Badge("new revision", "busy", "commit", "Git moved: a newer revision is waiting."),
        "drift": Badge("drift", "warn", "wave", "Live moved: somebody changed the target."),
    },
    "phase": {
        "queued": Badge("queued", "none", "clock", "Waits for its turn."),
        "running": Badge("running", "busy", "busy", "Under way."),
        "succeeded": Badge("succeeded", "ok", "ok", "Done."),
        "failed": Badge("failed", "bad", "cross", "The target refused."),
        "error": Badge("error", "bad", "alert", "We could not run it."),
        "terminated": Badge("terminated", "none", "stop", "A person stopped it."),
        "superseded": Badge("superseded", "none", "skip", "Something newer took its place."),
    },
    "outcome": {
        "deployed": Badge("deployed", "ok", "ok", "The revision went live."),
        "rolled_back": Badge("rolled back", "ok", "rollback", "An earlier revision is live again."),
        "healed": Badge("healed", "ok", "heal", "Drift was reverted."),
        "no_op": Badge("nothing to do", "none", "equal", "The target held that revision already."),
        "compared": Badge("in sync", "ok", "ok", "Compared; live equals desired."),
        "out_of_sync": Badge("found a difference", "warn", "differs", "Compared; live differs from desired."),
        "held": Badge("held", "none", "hold", "A hold stops automation here."),
        "superseded": Badge("superseded", "none", "skip", "A newer revision took its place."),
        "filtered": Badge("filtered", "none", "filter", "The commit does not touch this environment's path."),
        "refused": Badge("refused", "warn", "cross", "Not allowed, and why is recorded."),
        "failed": Badge("failed", "bad", "cross", "The target is not where it should be."),
        "waiting": Badge("waiting", "busy", "clock", "Waits until the commit can be seen."),
        "observed": Badge("only observed", "none", "eye", "A shadow says what it would have done."),
        "nudged": Badge("nudged the poll", "none", "webhook", "A webhook brought the poll forward."),
    },
    "trigger": {
        "pipeline": Badge("pipeline", "none", "pipeline"),
        "webhook": Badge("webhook", "none", "webhook"),
        "schedule": Badge("schedule", "none", "clock"),
        "agent": Badge("agent", "none", "agent"),
        "manual": Badge("by hand", "none", "user"),
        "rollback": Badge("rollback", "none", "rollback"),
        "self_heal": Badge("self-heal", "none", "heal"),
    },
    "stage": {
        "committed": Badge("committed", "none", "commit", "The commit was made."),
        "visible": Badge("visible", "none", "branch", "The remote shows the commit."),
        "noticed": Badge("noticed", "none", "bell", "A webhook, pipeline or poll told us."),
        "fetched": Badge("fetched", "none", "adopt", "The mirror holds the commit."),
        "planned": Badge("planned", "none", "filter", "Live was compared with desired."),
        "applied": Badge("applied", "none", "sync", "The target was changed."),
        "healthy": Badge("healthy", "none", "heart", "The health check passed."),
    },
    "drift": {
        "changed": Badge("changed", "none", "edit", "Content differs from what was applied."),
        "missing": Badge("missing", "none", "missing", "Deleted on the target."),
        "extra": Badge("came back", "none", "plus", "Pruned, and there again."),
        "mode": Badge("mode", "none", "key", "Permissions differ."),
    },
    "action": {
        "create": Badge("create", "none", "plus"),
        "update": Badge("update", "none", "edit"),
        "mode": Badge("set mode", "none", "key"),
        "delete": Badge("delete", "warn", "trash"),
        "record": Badge("record", "none", "equal", "Live equals desired already."),
        "keep": Badge("keep", "none", "pause", "Git dropped it; prune is off."),
    },
    "ending": {
        "healed": Badge("healed", "ok", "heal"),
        "adopted": Badge("written back to Git", "ok", "adopt"),
        "ignored": Badge("ignored", "none", "ignore"),
        "superseded": Badge("superseded", "none", "skip"),
    },
    "event": {
        "environment.created": Badge("Environment created", "none", "plus"),
        "environment.edited": Badge("Environment edited", "none", "edit"),
        "environment.switched": Badge("Environment switched", "none", "compare"),
        "environment.deleted": Badge("Environment deleted", "none", "trash"),
        "operation.queued": Badge("Operation queued", "none", "clock"),
        "operation.started": Badge("Operation started", "busy", "busy"),
        "operation.stage": Badge("Stage reached", "none", "skip"),
        "operation.log": Badge("Log", "none", "file"),
        "operation.finished": Badge("Operation finished", "none", "ok"),
        "decision": Badge("Decision", "none", "equal"),
        "revision.noticed": Badge("New revision noticed", "busy", "commit"),
        "ref.moved": Badge("Branch was rewritten", "warn", "branch"),
        "source.failed": Badge("Repository cannot be read", "bad", "alert"),
        "source.recovered": Badge("Repository can be read again", "ok", "ok"),
        "drift.detected": Badge("Drift found", "warn", "wave"),
        "drift.changed": Badge("Drift changed", "warn", "wave"),
        "drift.acknowledged": Badge("Drift acknowledged", "none", "user"),
        "drift.ended": Badge("Drift ended", "ok", "ok"),
        "hold.set": Badge("Hold set", "none", "hold"),
        "hold.ended": Badge("Hold ended", "ok", "ok"),
        "revision.marked_bad": Badge("Revision marked bad", "bad", "flag"),
        "status.changed": Badge("Status changed", "none", "differs"),
        "health.changed": Badge("Health changed", "none", "heart"),
        "webhook.received": Badge("Webhook received", "none", "webhook"),
        "webhook.missed": Badge("Webhook never came; the poll found it", "warn", "webhook"),
        "agent.enrolled": Badge("Agent enrolled", "none", "agent"),
        "agent.revoked": Badge("Agent revoked", "bad", "agent"),
        "agent.silent": Badge("Agent fell silent", "warn", "agent"),
        "agent.heard": Badge("Agent is heard again", "ok", "agent"),
        "command.expired": Badge("Its agent never took it", "warn", "clock"),
        "pipeline.missed": Badge("No pipeline brought it", "warn", "webhook"),
    },
}


def look(value: str | None, kind: str) -> Badge:
    """The look of a value of one kind ("mode", "sync", "phase", …); a word we do not know reads as it stands."""
    text = str(value or "")
    return LOOKS[kind].get(text) or Badge(text.replace("_", " ") or NOTHING, "none", "unknown")


def short(sha: str | None) -> str:
    """A revision's first 8 characters."""
    return (sha or "")[:SHORT] or NOTHING


def number(value: float | None) -> str:
    """1,240 or 3.5, with at most one decimal place."""
    if value is None:
        return NOTHING
    return f"{round(value):,}" if value == round(value) or abs(value) >= 100 else f"{value:,.1f}"


def size(count: int | None) -> str:
    """Bytes as "512 B", "2.0 KB", "1.4 MB"."""
    amount, units = float(count or 0), ["B", "KB", "MB", "GB", "TB"]
    while amount >= 1000 and len(units) > 1:
        amount, units = amount / 1000, units[1:]
    return f"{amount:.0f} {units[0]}" if units[0] == "B" else f"{amount:.1f} {units[0]}"


def plural(count: int, word: str, many: str = "") -> str:
    """ "1 file", "3 files", "2 entries" (many="entries")."""
    return f"{number(count)} {word if count == 1 else many or word + 's'}"


def sentence(words: Iterable[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    *most, last = list(words) or [""]
    return f"{', '.join(most)} and {last}" if most else last


def seconds(span: float | timedelta | None) -> float | None:
    """A span as seconds."""
    return span.total_seconds() if isinstance(span, timedelta) else span


def duration(span: float | timedelta | None) -> str:
    """At most two units: "340 ms", "2.4 s", "48 s", "1 min 52 s", "3 h 5 min", "2 d 4 h"."""
    value = seconds(span)
    if value is None:
        return NOTHING
    if value < 0.9995:
        return f"{round(value * 1000)} ms"
    if value < 9.95:
        return f"{value:.1f} s"
    return _two_units(round(value))


def _two_units(total: int) -> str:
    for big, name, small, rest in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if total >= big:
            more = total % big // small
            return f"{total // big} {name} {more} {rest}" if more else f"{total // big} {name}"
    return f"{total} s"


def every(interval_s: float) -> str:
    """An interval: "every 5 s", "every 2 min"."""
    return f"every {duration(interval_s).replace('.0 ', ' ')}"


def since(start: datetime | None, end: datetime | None = None) -> str:
    """How long from `start` to `end` (default: now)."""
    return duration((end or datetime.now(UTC)) - start) if start else NOTHING


def relative(at: datetime | None, now: datetime | None = None) -> str:
    """One unit, rounded down: "just now", "12 s ago", "in 5 min", "3 h ago"; the date from 30 days on.

    static/app.js keeps such texts current and must round alike.
    """
    if at is None:
        return "never"
    gap = ((now or datetime.now(UTC)) - at).total_seconds()
    if abs(gap) < 5:
        return "just now"
    if abs(gap) >= 30 * 86400:
        return f"{at.astimezone(UTC):%-d %b %Y}"
    size_s, unit = next(pair for pair in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")) if abs(gap) >= pair[0])
    text = f"{int(abs(gap) // size_s)} {unit}"
    return f"{text} ago" if gap > 0 else f"in {text}"


def exact(at: datetime | None) -> str:
    """ "23 Nov 2026, 15:02:11 UTC"."""
    return f"{at.astimezone(UTC):%-d %b %Y, %H:%M:%S} UTC" if at else "never"


def clock(at: datetime | None) -> str:
    """ "15:02:11", UTC."""
    return f"{at.astimezone(UTC):%H:%M:%S}" if at else NOTHING


def iso(at: datetime | None) -> str:
    """RFC 3339, UTC, microseconds."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}" if at else ""


def actor(name: str | None) -> str:
    """ "ana" for "user:ana"; tokens and parts of the system keep their kind: "token ci", "system scheduler"."""
    found = Actor.parse(name or "")
    plain = found.kind in (ActorKind.USER, ActorKind.OTHER)
    return found.name or NOTHING if plain else f"{found.kind.value} {found.name}"


def repository(url: str) -> str:
    """The last two parts of a repository's address, without scheme, host, user or ".git"."""
    path = url.rstrip("/").removesuffix(".git").replace(":", "/")
    return "/".join([part for part in path.split("/") if part][-2:])


def alone(deed: str) -> str:
    """A deed without the words that lead on to its revision: "Rolled back to" is "Rolled back"."""
    return re.sub(r"(?:, back to| to| for|:)$", "", deed)


FILTERS: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        alone, look, short, number, size, plural, sentence, duration, every, since, relative, exact, clock, iso, actor,
        repository,
    )
}  # fmt: skip
