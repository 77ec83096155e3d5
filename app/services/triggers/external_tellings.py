"""What follows from what another system tells of an environment that it delivers to."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime

from app.domain.agents.wire import decode, encode
from app.domain.environment import Environment, ExternalSpec
from app.domain.errors import Problem, RevisionNotFound
from app.domain.external import DeliveryStep, Told, title_of
from app.domain.operation import Outcome, Trigger
from app.domain.revision import UNDATED, Person, Revision
from app.domain.status import Divergence, SyncStatus
from app.ports import SETTLED, Delivery, Ports, Source, Transaction, topics
from app.services.outcomes.decisions import decision
from app.services.outcomes.status_transitions import status_events
from app.services.triggers.announcements import Came
from app.services.triggers.external_deliveries import (
    EndedDelivery,
    end_of_begun,
    failing_still,
    known,
    record,
    standing_after,
)

EARLIER = 50  # deliveries of a hook among which the beginning of one is looked for
_COMMIT = re.compile(r"[0-9a-f]{7,64}\Z")


def kept(told: Sequence[Told]) -> bytes:
    """What a delivery told, as a stored Delivery's body holds it."""
    return json.dumps(encode(tuple(told))).encode()


def told_in(delivery: Delivery) -> tuple[Told, ...]:
    """What a stored delivery told."""
    found = json.loads(delivery.body or b"[]")
    return tuple(decode(Told, one) for one in found)


class ExternalTellings:
    """Acts on what systems told."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def act(self, delivery: Delivery, environment: Environment, spec: ExternalSpec) -> Came:
        """Write down what a delivery told of one environment; returns what came of it."""
        told = told_in(delivery)
        ours = [one for one in told if _about(spec, one)]
        if not ours:
            others = ", ".join(sorted({one.of for one in told}))
            why = f"it is about {others}, not {spec.name}" if told else f"nothing to do for '{delivery.event}'"
            with self._ports.store.write() as tx:
                words = self._decided(tx, delivery, environment, Outcome.FILTERED, why)
        else:
            words = "; ".join(word for one in ours if (word := self._take(delivery, environment, spec, one)))
        self._ports.notifier.notify(topics(environment))
        return Came(f"{environment.name}: {words}", SETTLED)

    def _take(self, delivery: Delivery, environment: Environment, spec: ExternalSpec, told: Told) -> str:
        revision = self._revision(environment, told.revision) if told.step else None
        with self._ports.store.write() as tx:
            now = self._ports.clock.now()
            current = tx.environments.by_id(environment.id)
            tx.environments.heard(current.id, now)
            if revision is None:
                return self._standing(tx, delivery, current, told)
            if told.step is DeliveryStep.STARTED and (ended := end_of_begun(tx, current, told, revision)):
                why = f"operation {ended.id} tells of its end already"
                return self._decided(tx, delivery, current, Outcome.NO_OP, why, revision.sha)
            if told.step is DeliveryStep.STARTED:
                why = f"{title_of(spec.system)} began to deliver {revision.short}; its end is waited for"
                return self._decided(tx, delivery, current, Outcome.WAITING, why, revision.sha)
            one = EndedDelivery(told, revision, title_of(spec.system), _began(tx, delivery.hook, told), now)
            return self._ended(tx, delivery, current, one)

    def _ended(self, tx: Transaction, delivery: Delivery, environment: Environment, one: EndedDelivery) -> str:
        before, told = known(tx, environment, one) or failing_still(tx, environment, one), one.told
        again = told.step is DeliveryStep.SUCCEEDED and not told.id and one.revision.sha == environment.status.revision
        if before is None and not again:
            return f"operation {record(tx, environment, one).id}"
        if told.standing:
            return self._standing(tx, delivery, environment, told)
        why = f"operation {before.id} tells of it already" if before else f"{one.revision.short} is live already"
        return self._decided(tx, delivery, environment, Outcome.NO_OP, why, one.revision.sha)

    def _standing(self, tx: Transaction, delivery: Delivery, environment: Environment, told: Told) -> str:
        before, now = environment.status, self._ports.clock.now()
        after = standing_after(environment, told.standing, told.at, now)
        if after is before:
            return self._decided(tx, delivery, environment, Outcome.NO_OP, "something newer is known")
        why = f"{after.sync.value}, {after.health.value}"
        tx.environments.put_status(environment.id, after)
        tx.ledger.append(now, status_events(environment, after, f"told by {title_of(delivery.provider)}"))
        if told.step is None and any(one.step for one in told_in(delivery)):
            return why  # it came with a delivery, which is what was decided about
        differs = after.sync is SyncStatus.OUT_OF_SYNC
        outcome = Outcome.OUT_OF_SYNC if differs else Outcome.COMPARED
        drifts = " (drift)" if after.divergence is Divergence.DRIFT else ""
        return self._decided(tx, delivery, environment, outcome, why + drifts)

    def _revision(self, environment: Environment, name: str) -> Revision:
        """The commit that a revision names, where the environment's repository is known and has it; else the bare
        name, undated. No telling waits for Git."""
        url, ref = environment.source.repo_url, environment.source.ref
        if url and _COMMIT.match(name):
            try:
                return _resolved(self._ports.sources.open(url, environment.source.credential), ref, name)
            except Problem:
                pass
        return Revision(name, Person(""), UNDATED)

    def _decided(
        self,
        tx: Transaction,
        delivery: Delivery,
        environment: Environment,
        outcome: Outcome,
        why: str,
        sha: str | None = None,
    ) -> str:
        details = {"delivery": delivery.delivery_id, "revision": sha}
        made = decision(environment, outcome, Trigger.EXTERNAL.value, why, **details)
        tx.ledger.append(self._ports.clock.now(), [made])
        return f"{outcome.value}, {why}"


def _about(spec: ExternalSpec, told: Told) -> bool:
    """Whether something is told of the environment that the specification names, by its whole name or the last part.
    What names none is about the one whose address it came to."""
    return not spec.name or not told.of or spec.name in (told.of, told.of.rpartition("/")[2])


def _began(tx: Transaction, hook: str, told: Told) -> datetime | None:
    """When a delivery began: as it says itself, or as an earlier telling of the same one did. Nothing begins after
    its end."""
    if told.started_at:
        return told.started_at if told.started_at <= told.ended_at else None
    tellings = (other for delivery in tx.inbox.page(hook, EARLIER, None).items for other in told_in(delivery))
    begun = (one for one in tellings if one.step is DeliveryStep.STARTED and one.same_delivery(told))
    return max((at for one in begun if (at := one.started_at or one.at) <= told.ended_at), default=None)


def _resolved(source: Source, ref: str, name: str) -> Revision:
    try:
        return source.resolve(name)
    except RevisionNotFound:
        source.fetch(ref)
        return source.resolve(name)
