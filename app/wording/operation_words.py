"""Operations in words: what one does or did, who started it, what it changed; lists, timelines and pages tell alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from app.domain.environment import Content
from app.domain.operation import Operation, OperationKind, Outcome, Phase, StageName, Trigger, UnsupportedPath
from app.wording.quantities import plural
from app.wording.short_names import actor, short
from app.wording.times import clock

UNDELIVERED = {
    "submodule": ("submodule", "submodules"),
    "lfs_pointer": ("Git LFS pointer", "Git LFS pointers"),
    "gitattributes": (".gitattributes with eol or export-ignore", ".gitattributes with eol or export-ignore"),
    "conversion": (".gitattributes with other conversions", ".gitattributes with other conversions"),
}
WHY_UNDELIVERED = {
    "submodule": "A submodule is left out; source.submodules delivers its files.",
    "lfs_pointer": "Of a file in Git LFS its pointer is delivered; source.lfs delivers its content.",
    "gitattributes": "eol and export-ignore are not applied; source.attributes applies them.",
    "conversion": "ident, export-subst and working-tree-encoding are never applied.",
}
ALSO_DELIVERED = {"lfs": "Git LFS", "submodules": "submodules", "attributes": "eol and export-ignore"}
NAMED = 5


@dataclass(frozen=True, slots=True)
class Title:
    """What happened, as it stands alone, and the words that lead on from there to a revision."""

    alone: str
    lead: str = ""

    def __str__(self) -> str:
        return self.alone + self.lead


SYNCS = {
    Outcome.DEPLOYED: Title("Deployed"),
    Outcome.ROLLED_BACK: Title("Rolled back", " to"),
    Outcome.HEALED: Title("Healed drift", ", back to"),
    Outcome.NO_OP: Title("Nothing to do", " for"),
    Outcome.HELD: Title("Held back"),
    Outcome.SUPERSEDED: Title("Passed over"),
    Outcome.FILTERED: Title("Nothing to do", " for"),
    Outcome.REFUSED: Title("Refused to deliver"),
    Outcome.FAILED: Title("Failed to deliver"),
    Outcome.OBSERVED: Title("Would have deployed"),
}
UNFINISHED = {
    Phase.QUEUED: Title("Waiting to deliver"),
    Phase.RUNNING: Title("Delivering"),
    Phase.TERMINATED: Title("Stopped delivering"),
    Phase.ERROR: Title("Could not deliver"),
    Phase.SUPERSEDED: Title("Passed over"),
    Phase.FAILED: Title("Failed to deliver"),
}
REFRESHES = {
    Phase.QUEUED: Title("Waiting to refresh"),
    Phase.RUNNING: Title("Refreshing"),
    Phase.TERMINATED: Title("Stopped refreshing"),
    Phase.ERROR: Title("Could not refresh"),
    Phase.SUPERSEDED: Title("Refresh passed over"),
    Phase.FAILED: Title("Refresh failed"),
}
STARTERS = {
    Trigger.SCHEDULE: "found by the poll",
    Trigger.WEBHOOK: "announced by a webhook",
    Trigger.SELF_HEAL: "healed by policy",
    Trigger.AGENT: "by the agent",
}
PLAIN = (*(outcome for outcome in Outcome if outcome.changed_live), Outcome.COMPARED)


def deed(operation: Operation) -> Title:
    """What an operation does or did, without its revision: "Deployed", "Refreshing"."""
    if operation.kind is OperationKind.REFRESH:
        found = operation.outcome is Outcome.OUT_OF_SYNC
        done = "Refreshed: live differs from Git" if found else "Refreshed: live equals Git"
        return REFRESHES.get(operation.phase, Title(done))
    if operation.request.goes_back and not operation.phase.final:
        return Title("Rolling back" if operation.phase is Phase.RUNNING else "Waiting to roll back", " to")
    applied = operation.stage(StageName.APPLIED)
    if operation.outcome is Outcome.FAILED and applied and applied.finished_at:
        return Title("Live, but not healthy", ":")
    title = SYNCS.get(operation.outcome) if operation.outcome and operation.phase is not Phase.ERROR else None
    return title or UNFINISHED.get(operation.phase, Title("Delivered"))


def target_revision(operation: Operation) -> str | None:
    """The revision shown after the title; None for a refresh, whose title says it."""
    return None if operation.kind is OperationKind.REFRESH else operation.revision or operation.request.wanted


def started(operation: Operation) -> str:
    """What started it and who: "pipeline run 8812, by token ci", "found by the poll", "by ana"."""
    request, by = operation.request, f"by {actor(operation.request.initiated_by)}"
    if request.trigger is Trigger.PIPELINE:
        run = request.pipeline.id if request.pipeline else ""
        return f"pipeline run {run}, {by}" if run else f"pipeline, {by}"
    if operation.kind is OperationKind.REFRESH and request.trigger is Trigger.SCHEDULE:
        return "on schedule"
    words = STARTERS.get(request.trigger, by)
    return f"{words}; its webhook never came" if request.webhook_missed else words


def counted(operation: Operation) -> str:
    """ "12 updated, 1 created", "" where nothing was touched."""
    changes = operation.changes
    parts = [(changes.updated, "updated"), (changes.created, "created"), (changes.deleted, "deleted")]
    return ", ".join(f"{count:,} {word}" for count, word in parts if count)


def note(operation: Operation) -> str:
    """The small print under an operation: numbers, origin, and the reason where the title does not say it."""
    reason = operation.reason if operation.outcome not in PLAIN or operation.phase is not Phase.SUCCEEDED else ""
    told_by_person = operation.trigger in (Trigger.ROLLBACK, Trigger.MANUAL) and operation.request.reason
    parts = [counted(operation), started(operation), reason or told_by_person or ""]
    return " ".join(sentence_case(part) for part in parts if part)


def sentence_case(text: str) -> str:
    """With a capital (unless it begins with a revision or a path) and a full stop."""
    begins = text.partition(" ")[0]
    first = text[:1].upper() if begins.isalpha() else text[:1]
    return f"{first}{text[1:].rstrip('.')}." if text else ""


def summary(operation: Operation) -> str:
    """An operation in one plain line, for titles and lists: "Deployed 1f0c9d2a"."""
    sha = target_revision(operation)
    return f"{deed(operation)} {short(sha)}" if sha else str(deed(operation))


STAGES_BEGUN = {
    StageName.FETCHED: "fetching from Git",
    StageName.PLANNED: "comparing with the target",
    StageName.APPLIED: "applying",
    StageName.HEALTHY: "checking health",
}


def doing(operation: Operation, hooks: Collection[str] = ()) -> str:
    """What a running delivery does just now: "fetching from Git", "running pre hooks", "applying". `hooks`: when hooks
    of its environment run ("pre", "post")."""
    if not operation.stages:
        return STAGES_BEGUN[StageName.FETCHED]
    last = operation.stages[-1]
    if last.finished_at is None:
        return STAGES_BEGUN[last.name]
    if last.name is StageName.PLANNED:
        return "running pre hooks" if operation.total and "pre" in hooks else "about to apply"
    if last.name is StageName.APPLIED:
        return "running post hooks" if "post" in hooks else "applied"
    return "applied and healthy" if last.name is StageName.HEALTHY else "looking at what is asked for"


def stage_begun(name: str) -> str:
    """A stage's beginning as a line of a log: "Applying"."""
    return capital(STAGES_BEGUN[StageName(name)] if name in STAGES_BEGUN else name)


def capital(words: str) -> str:
    """With a capital."""
    return words[:1].upper() + words[1:]


def told_by(operation: Operation) -> str:
    """Whose word the state of a running operation is: "As its agent reported at 21:32:29 UTC.", "" for our own."""
    if operation.phase is not Phase.RUNNING or not (operation.worker or "").startswith("agent:"):
        return ""
    return f"As its agent reported at {clock(operation.heartbeat_at)} UTC."


def also_delivered(content: Content) -> str:
    """What is delivered beside files as they lie in Git: "Git LFS, submodules"."""
    return ", ".join(ALSO_DELIVERED[name] for name in content.chosen())


def undelivered_counts(kinds: Sequence[str]) -> str:
    """ "2 submodules, 1 Git LFS pointer"."""
    return ", ".join(plural(count, *UNDELIVERED.get(kind, (kind, kind))) for kind, count in Counter(kinds).items())


def undelivered_words(found: Sequence[UnsupportedPath]) -> str:
    """Which paths, and what that means for each kind."""
    paths = list(dict.fromkeys(one.path for one in found))
    more = f" and {len(paths) - NAMED} more" if len(paths) > NAMED else ""
    named = ", ".join(paths[:NAMED])
    return " ".join(
        [
            f"{named}{more}.",
            *(WHY_UNDELIVERED[kind] for kind in WHY_UNDELIVERED if any(one.kind == kind for one in found)),
        ]
    )
