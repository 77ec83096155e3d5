"""Names and icons of statuses, phases, outcomes, stages, events and changes.

A tone is one of "ok", "busy", "warn", "bad", "none". An icon is the id of a symbol in static/icons.svg.
"""

from __future__ import annotations

from dataclasses import dataclass

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
        "Unknown": Badge("Unknown", "none", "unknown", "The last refresh is too old to be believed."),
    },
    "health": {
        "Healthy": Badge("Healthy", "ok", "heart", "The health check passes."),
        "Suspended": Badge("Suspended", "none", "pause", "Paused on the target."),
        "Progressing": Badge("Progressing", "busy", "busy", "On its way to healthy."),
        "Missing": Badge("Missing", "bad", "missing", "Nothing is deployed at the target."),
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
    "experiment": {
        "running": Badge("running", "busy", "busy", "Under way."),
        "stopped": Badge("stopped", "none", "pause", "Stands still; it can be taken up again."),
        "finished": Badge("finished", "ok", "ok", "Carried out to its end."),
        "failed": Badge("failed", "bad", "alert", "It could not be carried out."),
    },
    "outcome": {
        "deployed": Badge("deployed", "ok", "ok", "The revision went live."),
        "rolled_back": Badge("rolled back", "ok", "rollback", "An earlier revision is live again."),
        "healed": Badge("healed", "ok", "heal", "Drift was reverted."),
        "no_op": Badge("nothing to do", "none", "equal", "The target held that revision already."),
        "compared": Badge("in sync", "ok", "ok", "Refreshed; live equals desired."),
        "out_of_sync": Badge("found a difference", "warn", "differs", "Refreshed; live differs from desired."),
        "held": Badge("held", "none", "hold", "A hold stops automation here."),
        "superseded": Badge("superseded", "none", "skip", "A newer revision took its place."),
        "filtered": Badge("filtered", "none", "filter", "The commit does not touch this environment's path."),
        "refused": Badge("refused", "warn", "cross", "Not allowed, and why is recorded."),
        "failed": Badge("failed", "bad", "cross", "Delivery failed or the service is unhealthy."),
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
        "external": Badge("told by others", "none", "webhook"),
    },
    "stage": {
        "committed": Badge("committed", "none", "commit", "The commit was made."),
        "visible": Badge("visible", "none", "branch", "The remote shows the commit."),
        "noticed": Badge("noticed", "none", "bell", "A webhook, pipeline or poll reported the commit."),
        "fetched": Badge("fetched", "none", "adopt", "The mirror holds the commit."),
        "rendered": Badge("rendered", "none", "file", "The desired state was made of the commit."),
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
        "drift.written_back": Badge("Drift written back", "none", "adopt"),
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
        "command.expired": Badge("Command expired: the agent did not pick it up", "warn", "clock"),
        "pipeline.missed": Badge("No pipeline brought it", "warn", "webhook"),
    },
}


def look(value: str | None, kind: str) -> Badge:
    """The look of a value of one kind ("mode", "sync", "phase", …); a word we do not know reads as it stands."""
    text = str(value or "")
    return LOOKS[kind].get(text) or Badge(text.replace("_", " ") or NOTHING, "none", "unknown")
