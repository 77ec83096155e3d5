"""Notices above an environment: the difference between Git and live with both revisions, and other warnings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from app.domain.environment import Hold, Mode
from app.domain.operation import Operation, Outcome, Phase
from app.domain.status import ConditionKind, Health, SyncStatus
from app.services.outcomes.retries import retry_at
from app.web.pages.environments.header import Head, on_its_way
from app.web.pages.environments.told_words import told
from app.web.rendering import links
from app.wording.operation_words import sentence_case, started, told_by, undelivered_counts, undelivered_words
from app.wording.quantities import agree, plural
from app.wording.short_names import actor, short
from app.wording.times import clock, every, exact, relative


@dataclass(frozen=True, slots=True)
class Notice:
    """A permanent message on the page; `link` is (label, address) or None."""

    tone: str
    title: str
    body: str = ""
    link: tuple[str, str] | None = None


def notices(head: Head) -> tuple[Notice, ...]:
    """The difference first, then health, the source, a hold."""
    return tuple(_all(head))


def _all(head: Head) -> Iterator[Notice]:
    status, environment = head.environment.status, head.environment
    if head.silent:
        yield silence(head)
    if status.condition.about(ConditionKind.TARGET):
        settings = links.environment(environment.name, "settings")
        link = None if head.tab == "settings" else ("See its settings", settings)
        yield Notice("bad", "The target cannot be looked at.", status.condition.text, link)
    if head.delivery and not environment.policy.observe:
        yield _delivery(head, head.delivery)
    if not ((head.silent and status.revision is None) or _overtaken(head)):
        yield difference(head)
    if head.health in (Health.DEGRADED, Health.MISSING):
        title = f"{short(status.revision)} is live, but {status.health.value}."
        yield Notice("bad", title, status.last_reason)
    if status.condition and not status.condition.about(ConditionKind.TARGET):
        kept = "What is live keeps running, and a rollback works without Git. " if status.revision else ""
        body = f"{kept}The next poll tries again."
        yield Notice("warn", status.condition.text, body)
    if head.undelivered:
        what = undelivered_counts([one.kind for one in head.undelivered])
        title = f"Not all of {short(status.revision)} is delivered as it is meant: {what}."
        yield Notice("none", title, undelivered_words(head.undelivered))
    if failed := _failure(head):
        yield failed
    if environment.hold:
        yield _held(environment.hold)


def silence(head: Head) -> Notice:
    """The notice for an environment whose agent is silent: the page shows its last reports."""
    agent = head.agent
    link = ("See the agents", "/agents")
    if agent is None:
        return Notice("warn", "No agent works for this environment yet.", "Enrol one on its host.", link)
    if agent.revoked_at:
        title = f"Its agent {agent.name} was revoked; nothing is known since."
        return Notice("bad", title, "Enrol another one on its host.", link)
    title = f"Its agent {agent.name} was last heard {relative(agent.heard_at, head.now)}."
    body = "What stands here is what was known then. It goes on by itself, and tells everything when it is back."
    return Notice("warn", title, body, link)


def _delivery(head: Head, delivery: Operation) -> Notice:
    """What is on its way to the target, and how far it is."""
    title = sentence_case(on_its_way(head.environment, delivery, head.noun))
    begun = f"Begun {relative(delivery.started_at, head.now)}, " if delivery.started_at else ""
    body = f"{sentence_case(begun + started(delivery))} {told_by(delivery)}".strip()
    return Notice("busy", title, body)


def _overtaken(head: Head) -> bool:
    """Whether the delivery under way says all that there is to say: nothing drifts, and no other commit waits."""
    one, environment = head.delivery, head.environment
    if one is None or environment.policy.observe or environment.status.drift_count:
        return False
    return head.pending in (None, one.revision or one.request.wanted or head.pending)


def difference(head: Head) -> Notice:
    """What differs between Git and live."""
    status = head.environment.status
    if head.environment.external:
        return Notice(*told(head))
    if head.environment.policy.observe:
        return _shadow(head)
    if status.drift_count:
        return _drift(head)
    if head.pending:
        return _behind(head)
    if status.revision is None:
        if status.condition:  # said in a notice of its own
            return Notice("none", "Nothing is live yet.")
        return Notice("none", "Nothing is live yet, and Git was not read yet.", "The first poll is on its way.")
    if head.sync is SyncStatus.UNKNOWN or status.condition.about(ConditionKind.TARGET):
        title = f"{short(status.revision)} is live; whether the target still equals it is unknown."
        return Notice("none", title, f"It was last compared {relative(status.checked_at, head.now)}.")
    if status.noticed and status.noticed != status.revision:
        return _same_content(head)
    but = f", except {plural(head.ignored, 'ignored path')}" if head.ignored else ""
    return Notice("ok", f"Live equals Git{but}: both are at {short(status.revision)}.")


def _shadow(head: Head) -> Notice:
    """A shadow's notice: whether the target equals the state that the shadow would have delivered."""
    status, body = (
        head.environment.status,
        "It observes only and applies nothing: it plans, and tells when.",
    )
    planned = head.last.revision if head.last and head.last.outcome is Outcome.OBSERVED else status.noticed
    if head.sync is SyncStatus.UNKNOWN or planned is None:
        return Notice("none", "This is a shadow. What stands at its target was not compared lately.", body)
    if head.sync is SyncStatus.SYNCED:
        return Notice("ok", f"This is a shadow. Live equals what it would have delivered, {short(planned)}.", body)
    return Notice("none", f"This is a shadow. Live differs from what it would have delivered, {short(planned)}.", body)


def _same_content(head: Head) -> Notice:
    status = head.environment.status
    if head.environment.pinned:
        title = f"{short(status.revision)} is live as asked; Git is at {short(status.noticed)}, which was left."
        return Notice("none", title)
    if head.bad:
        title = f"{short(status.revision)} is live; Git is at {short(status.noticed)}, which is marked bad."
        return Notice("none", title, f"{head.bad.rstrip('.')}. It is never delivered by itself. A newer commit is.")
    title = f"Live equals Git: {short(status.revision)} is live, and {short(status.noticed)} changes nothing here."
    return Notice("ok", title)


def _drift(head: Head) -> Notice:
    status, episode = head.environment.status, head.episode
    drifted = status.drift_count
    differ = f"{plural(drifted, head.noun)} on the target {agree(drifted, 'differs', 'differ')}"
    title = f"{differ} from {short(status.revision)}, the revision that is live."
    began = ""
    if episode and episode.last_good_at:
        began = f"The first change came between {clock(episode.last_good_at)} and {clock(episode.detected_at)} UTC. "
    newer = f"A newer revision, {short(head.pending)}, waits in Git and would overwrite them." if head.pending else ""
    link = None if head.tab == "drift" else ("See what differs, and answer", _place(head))
    return Notice("warn", title, (began + newer).strip(), link)


def _place(head: Head) -> str:
    return links.environment(head.environment.name, "drift")


def _behind(head: Head) -> Notice:
    status, revision = head.environment.status, head.ahead.revision
    subject = f" “{revision.subject}”" if revision and revision.subject else ""
    if status.revision is None:
        return Notice("none", f"Nothing is live yet; Git is at {short(head.pending)}{subject}.", _next(head))
    count = plural(head.ahead.commits, "commit") if head.ahead.commits else "Git"
    lead = f"Git is {count} ahead" if head.ahead.commits else "Git has moved on"
    title = f"{lead}: {short(head.pending)}{subject} is not live yet, {short(status.revision)} is."
    return Notice("none", title, _next(head))


def _next(head: Head) -> str:
    """The next automatic step for the pending revision."""
    environment, policy = head.environment, head.environment.policy
    if head.active:
        return ""
    if head.bad:
        return f"It is marked bad ({head.bad}) and is never delivered by itself. A newer commit is."
    if environment.hold:
        return ""
    if stuck := _stuck(head):
        return stuck
    if environment.mode is Mode.PULL and policy.auto_sync:
        return f"The poll delivers it; it looks at Git {every(policy.interval_s)}."
    if policy.auto_sync:
        return f"A pipeline or webhook delivers it; failing that, the poll, {every(policy.interval_s)}."
    return "Automatic sync is off: a pipeline, a webhook or you deliver it."


def _stuck(head: Head) -> str:
    """What follows where the pending revision's last delivery failed or was stopped, "" where it was not."""
    last = head.last
    if last is None or head.pending not in (last.revision, last.request.wanted) or last.outcome is Outcome.HELD:
        return ""
    if last.phase not in (Phase.FAILED, Phase.ERROR, Phase.TERMINATED):
        return ""
    again = retry_at(head.environment, last) if head.environment.policy.auto_sync else None
    then = "Nothing tries it again by itself."
    if again:
        then = f"It is tried again {relative(again, head.now) if again > head.now else 'now'}, at growing distances."
    return f"Its delivery was stopped. {then}" if last.phase is Phase.TERMINATED else then


def _failure(head: Head) -> Notice | None:
    """The last delivery, where it failed and nothing is under way."""
    last = head.last
    if head.active or last is None or last.outcome is Outcome.HELD or last.phase not in (Phase.FAILED, Phase.ERROR):
        return None
    what = short(last.revision or last.request.wanted)
    title = f"The last delivery, of {what}, {'failed' if last.phase is Phase.ERROR else 'did not get through'}."
    return Notice("bad", title, last.reason, ("See what happened", f"/operations/{last.id}"))


def _held(hold: Hold) -> Notice:
    newer = " or a newer commit lands" if hold.left_revision else ""
    end = f"until {exact(hold.expires_at)}" if hold.expires_at else "until somebody resumes it"
    title = f"{hold.reason.rstrip('. ')}." if hold.reason else "Nothing is delivered or healed by itself here."
    return Notice("none", title, f"Automation is held by {actor(hold.owner)} {end}{newer}.")
