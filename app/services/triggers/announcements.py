"""What follows from a webhook's delivery for one environment.

A delivery is a hint: it says where to look. Git is asked what the environment's ref points at, and that is what is
delivered, if it is or contains the commit that was announced.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.domain.actor import WEBHOOK
from app.domain.agents.protocol import CommandKind
from app.domain.environment import Environment, Mode
from app.domain.errors import RevisionNotFound
from app.domain.events import about
from app.domain.events.operation_events import AnnouncedDecision
from app.domain.noticing import Noticer
from app.domain.operation import Operation, OperationKind, Outcome, Phase, Request, Trigger
from app.domain.revision import TAGS, Revision, full_names, is_sha
from app.ports import OPEN, SETTLED, Delivery, Ports, RefTip, Source, Transaction, topics
from app.services.operations.queue import Queue
from app.services.operations.wanted_revision import contains, not_contained
from app.services.relay import elsewhere, relay
from app.services.triggers.poll_decisions import Sighting
from app.services.triggers.polling import Poller

LOOKS = 5  # for a commit that is here, but not on the ref: the ref may be seen a moment after its commits


@dataclass(frozen=True, slots=True)
class Came:
    """What came of a delivery for an environment, in words, and as a Delivery's `done` keeps it."""

    words: str
    done: str


@dataclass(frozen=True, slots=True)
class _Look:
    """What Git says. `sha`: what was announced."""

    source: Source
    tip: RefTip
    sha: str

    def announced(self) -> Revision:
        """The commit that was announced; it may have been by the id of an annotated tag."""
        try:
            return self.source.resolve(self.sha)
        except RevisionNotFound:
            reason = f"{self.sha[:8]} is not to be seen yet; {self.tip.name} is at {self.tip.revision.short}"
            raise RevisionNotFound(reason) from None


class Announcements:
    """Acts on deliveries."""

    def __init__(self, ports: Ports, queue: Queue, poller: Poller) -> None:
        self._ports, self._queue, self._poller = ports, queue, poller

    def act(self, delivery: Delivery, environment: Environment) -> Came:
        """Act on a delivery for one environment; returns what came of it.

        Raises a Problem where that is not possible yet (`retry`, or RevisionNotFound: the commit is not seen yet).
        """
        heads, ref = delivery.announced, environment.source.ref
        if not heads:
            return self._decided(delivery, environment, Outcome.FILTERED, f"nothing to do for '{delivery.event}'")
        ours = {name: sha for name, sha in heads.items() if _may_mean(ref, name)}
        if not ours:
            return self._other_ref(delivery, environment, f"the ref of this environment ({ref})")
        sha = next(iter(ours.values()))
        if elsewhere(self._ports, environment):
            return self._relayed(delivery, environment, sha)
        if not any(ours.values()):
            self._poller.poll(environment.source.repo_url, environment.source.credential)
            return self._decided(delivery, environment, Outcome.NUDGED, "the poll was brought forward")
        source = self._ports.sources.open(environment.source.repo_url, environment.source.credential)
        tip = source.look(ref)
        named = next((sha for name, sha in ours.items() if _is(tip, name)), None)
        if named is None:
            return self._other_ref(delivery, environment, f"what this environment follows ('{ref}' is {tip.name})")
        return self._follow(delivery, environment, _Look(source, tip, named))

    def _follow(self, delivery: Delivery, environment: Environment, look: _Look) -> Came:
        if environment.mode is Mode.PULL:
            self._consider(environment, look)
        commit = look.announced()
        if not contains(look.source, look.tip, commit):
            reason = not_contained(look.tip, commit.sha)
            if delivery.attempts < LOOKS:
                raise RevisionNotFound(reason)
            return self._decided(delivery, environment, Outcome.REFUSED, reason, commit.sha)
        with self._ports.store.write() as tx:
            tx.inbox.brought(delivery, commit.sha)
        if environment.mode is Mode.PULL:
            told = "the poll was brought forward"
            return self._decided(delivery, environment, Outcome.NUDGED, told, commit.sha)
        return self._deliver(delivery, environment, look.tip.revision.sha)

    def _consider(self, environment: Environment, look: _Look) -> None:
        """Judge the environment by what Git was just seen to say, as a poll does."""
        heads = {look.tip.name: look.tip.revision.sha}
        at = self._ports.clock.now()
        self._poller.consider(environment.name, Sighting(look.source, {}, at, None, heads, Noticer.WEBHOOK))

    def _deliver(self, delivery: Delivery, environment: Environment, sha: str) -> Came:
        with self._ports.store.write() as tx:
            current = tx.environments.by_id(environment.id)
            running = _under_way(tx, environment, sha)
            live = current.status.revision == sha and current.status.drift_count == 0
            operation = None if running or live else self._ask(tx, delivery, current, sha)
        if operation:
            self._ports.notifier.notify(topics(environment))
            return Came(f"{environment.name}: operation {operation.id}", operation.id)
        reason = f"operation {running} delivers {sha[:8]} already" if running else f"{sha[:8]} is live already"
        return self._decided(delivery, environment, Outcome.NO_OP, reason, sha)

    def _ask(self, tx: Transaction, delivery: Delivery, environment: Environment, sha: str) -> Operation:
        request = Request(
            OperationKind.SYNC, Trigger.WEBHOOK, str(WEBHOOK), wanted=sha, noticed_at=delivery.received_at,
            reason=f"announced by {delivery.provider}",
        )  # fmt: skip
        return self._queue.add(tx, environment, request, WEBHOOK)

    def _relayed(self, delivery: Delivery, environment: Environment, sha: str) -> Came:
        """Pass a delivery on to the environment's agent, which looks at Git itself."""
        if environment.mode is Mode.PUSH and is_sha(sha):
            return self._deliver(delivery, environment, sha)
        with self._ports.store.write() as tx:
            relay(self._ports, tx, environment, CommandKind.NUDGE, {})
        self._ports.notifier.notify(topics(environment))
        return self._decided(delivery, environment, Outcome.NUDGED, "its agent was told to poll now", sha or None)

    def _other_ref(self, delivery: Delivery, environment: Environment, ours: str) -> Came:
        reason = f"{_listed(delivery.announced)} is not {ours}"
        return self._decided(delivery, environment, Outcome.FILTERED, reason)

    def _decided(
        self, delivery: Delivery, environment: Environment, outcome: Outcome, reason: str, sha: str | None = None
    ) -> Came:
        mode, observe = environment.mode.value, environment.policy.observe
        fact = AnnouncedDecision(
            outcome.value, mode, Trigger.WEBHOOK.value, delivery.delivery_id, sha, observe=observe, why=reason
        )
        with self._ports.store.write() as tx:
            tx.ledger.append(self._ports.clock.now(), [about(environment, fact)])
        done = OPEN if outcome in (Outcome.REFUSED, Outcome.NUDGED) else SETTLED
        return Came(f"{environment.name}: {outcome.value}, {reason}", done)


def _may_mean(ref: str, announced: str) -> bool:
    """Whether a delivery may be about an environment's ref; Git tells which of the names that ref has."""
    if announced == "":
        return not is_sha(ref)
    head = ref == "HEAD" and not announced.startswith(TAGS)
    return head or bool({*full_names(ref)} & {*full_names(announced)})


def _is(tip: RefTip, announced: str) -> bool:
    return announced in ("", "HEAD") or tip.name in full_names(announced)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)[:200]


def _under_way(tx: Transaction, environment: Environment, sha: str) -> str | None:
    """The operation that delivers a commit already, if one is queued or running."""
    active = tx.operations.active(environment.id)
    running = (active,) if active and active.phase is Phase.RUNNING else ()
    syncs = [one for one in (*tx.operations.queued(environment.id), *running) if one.kind is OperationKind.SYNC]
    return next((one.id for one in syncs if one.request.wanted == sha), None)
