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

from app.domain.revision import SHORT

NOTHING = "–"


@dataclass(frozen=True, slots=True)
class Look:
    """How one value is shown; `hint` says in a sentence what it means."""

    label: str
    tone: str
    icon: str
    hint: str = ""


LOOKS: dict[str, dict[str, Look]] = {
    "mode": {
        "push": Look("push", "push", "push", "A pipeline pushes to the target."),
        "pull": Look("pull", "pull", "pull", "An agent pulls from Git."),
    },
    "sync": {
        "Synced": Look("Synced", "ok", "ok", "The target holds what Git declares."),
        "OutOfSync": Look("OutOfSync", "warn", "differs", "The target differs from what Git declares."),
        "Unknown": Look("Unknown", "none", "unknown", "The last comparison is too old to be believed."),
    },
    "health": {
        "Healthy": Look("Healthy", "ok", "heart", "The health check passes."),
        "Suspended": Look("Suspended", "none", "pause", "Paused on the target."),
        "Progressing": Look("Progressing", "busy", "busy", "On its way to healthy."),
        "Missing": Look("Missing", "bad", "missing", "Nothing stands at the target."),
        "Degraded": Look("Degraded", "bad", "alert", "The health check fails."),
        "Unknown": Look("Unknown", "none", "unknown", "No health check has answered yet."),
    },
    "divergence": {
        "new_revision": Look("new revision", "busy", "commit", "Git moved: a newer revision is waiting."),
        "drift": Look("drift", "warn", "wave", "Live moved: somebody changed the target."),
    },
    "phase": {
        "queued": Look("queued", "none", "clock", "Waits for its turn."),
        "running": Look("running", "busy", "busy", "Under way."),
        "succeeded": Look("succeeded", "ok", "ok", "Done."),
        "failed": Look("failed", "bad", "cross", "The target refused."),
        "error": Look("error", "bad", "alert", "We could not run it."),
        "terminated": Look("terminated", "none", "stop", "A person stopped it."),
        "superseded": Look("superseded", "none", "skip", "Something newer took its place."),
    },
    "outcome": {
        "deployed": Look("deployed", "ok", "ok", "The revision went live."),
        "rolled_back": Look("rolled back", "ok", "rollback", "An earlier revision is live again."),
        "healed": Look("healed", "ok", "heal", "Drift was reverted."),
        "no_op": Look("nothing to do", "none", "equal", "The target held that revision already."),
        "compared": Look("in sync", "ok", "ok", "Compared; live equals desired."),
        "out_of_sync": Look("found a difference", "warn", "differs", "Compared; live differs from desired."),
        "held": Look("held", "none", "hold", "A hold stops automation here."),
        "superseded": Look("superseded", "none", "skip", "A newer revision took its place."),
        "filtered": Look("filtered", "none", "filter", "The commit does not touch this environment's path."),
        "refused": Look("refused", "warn", "cross", "Not allowed, and why is recorded."),
        "failed": Look("failed", "bad", "cross", "The target is not where it should be."),
        "waiting": Look("waiting", "busy", "clock", "Waits until the commit can be seen."),
        "observed": Look("only observed", "none", "eye", "A shadow says what it would have done."),
        "nudged": Look("nudged the poll", "none", "webhook", "A webhook brought the poll forward."),
    },
    "trigger": {
        "pipeline": Look("pipeline", "none", "pipeline"),
        "webhook": Look("webhook", "none", "webhook"),
        "schedule": Look("schedule", "none", "clock"),
        "agent": Look("agent", "none", "agent"),
        "manual": Look("by hand", "none", "user"),
        "rollback": Look("rollback", "none", "rollback"),
        "self_heal": Look("self-heal", "none", "heal"),
    },
    "stage": {
        "committed": Look("committed", "none", "commit", "The commit was made."),
        "visible": Look("visible", "none", "branch", "The remote shows the commit."),
        "noticed": Look("noticed", "none", "bell", "A webhook, pipeline or poll told us."),
        "fetched": Look("fetched", "none", "adopt", "The mirror holds the commit."),
        "planned": Look("planned", "none", "filter", "Live was compared with desired."),
        "applied": Look("applied", "none", "sync", "The target was changed."),
        "healthy": Look("healthy", "none", "heart", "The health check passed."),
    },
    "drift": {
        "changed": Look("changed", "none", "edit", "Content differs from what was applied."),
        "missing": Look("missing", "none", "missing", "Deleted on the target."),
        "extra": Look("came back", "none", "plus", "Pruned, and there again."),
        "mode": Look("mode", "none", "key", "Permissions differ."),
    },
    "action": {
        "create": Look("create", "none", "plus"),
        "update": Look("update", "none", "edit"),
        "mode": Look("set mode", "none", "key"),
        "delete": Look("delete", "warn", "trash"),
        "record": Look("record", "none", "equal", "Live equals desired already."),
        "keep": Look("keep", "none", "pause", "Git dropped it; prune is off."),
    },
    "ending": {
        "healed": Look("healed", "ok", "heal"),
        "adopted": Look("adopted into Git", "ok", "adopt"),
        "ignored": Look("ignored", "none", "ignore"),
        "superseded": Look("superseded", "none", "skip"),
    },
    "event": {
        "environment.created": Look("Environment created", "none", "plus"),
        "environment.edited": Look("Environment edited", "none", "edit"),
        "environment.switched": Look("Environment switched", "none", "compare"),
        "environment.deleted": Look("Environment deleted", "none", "trash"),
        "operation.queued": Look("Operation queued", "none", "clock"),
        "operation.started": Look("Operation started", "busy", "busy"),
        "operation.stage": Look("Stage reached", "none", "skip"),
        "operation.log": Look("Log", "none", "file"),
        "operation.finished": Look("Operation finished", "none", "ok"),
        "decision": Look("Decision", "none", "equal"),
        "revision.noticed": Look("New revision noticed", "busy", "commit"),
        "ref.moved": Look("Branch was rewritten", "warn", "branch"),
        "source.failed": Look("Repository cannot be read", "bad", "alert"),
        "source.recovered": Look("Repository can be read again", "ok", "ok"),
        "drift.detected": Look("Drift found", "warn", "wave"),
        "drift.changed": Look("Drift changed", "warn", "wave"),
        "drift.acknowledged": Look("Drift acknowledged", "none", "user"),
        "drift.ended": Look("Drift ended", "ok", "ok"),
        "hold.set": Look("Hold set", "none", "hold"),
        "hold.ended": Look("Hold ended", "ok", "ok"),
        "revision.marked_bad": Look("Revision marked bad", "bad", "flag"),
        "status.changed": Look("Status changed", "none", "differs"),
        "health.changed": Look("Health changed", "none", "heart"),
        "webhook.received": Look("Webhook received", "none", "webhook"),
        "webhook.missed": Look("Webhook never came; the poll found it", "warn", "webhook"),
        "agent.enrolled": Look("Agent enrolled", "none", "agent"),
        "agent.revoked": Look("Agent revoked", "bad", "agent"),
        "agent.silent": Look("Agent fell silent", "warn", "agent"),
        "agent.heard": Look("Agent is heard again", "ok", "agent"),
        "command.expired": Look("Its agent never took it", "warn", "clock"),
        "pipeline.missed": Look("No pipeline brought it", "warn", "webhook"),
    },
}


def look(value: str | None, kind: str) -> Look:
    """The look of a value of one kind ("mode", "sync", "phase", …); a word we do not know reads as it stands."""
    text = str(value or "")
    return LOOKS[kind].get(text) or Look(text.replace("_", " ") or NOTHING, "none", "unknown")


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
    kind, colon, rest = (name or "").partition(":")
    return rest if kind == "user" else f"{kind} {rest}" if colon else kind or NOTHING


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
