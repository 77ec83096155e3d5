"""Rollback: a sync to a revision from the history that stays live, in push and pull alike."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from app.domain.actor import Actor
from app.domain.agents.protocol import CommandKind
from app.domain.agents.wire import encode
from app.domain.environment import Environment, Hold
from app.domain.errors import InvalidInput, NothingToRollBackTo, RevisionNotFound
from app.domain.events import about
from app.domain.events.environment_events import RevisionMarkedBad
from app.domain.expiry import require_future
from app.domain.operation import Operation, OperationKind, Request, Trigger
from app.domain.revision import Person, Revision, author_called
from app.domain.state.plan import LiveState, Plan
from app.ports import DesiredState, HistoryItem, Ports, Source, Target, Transaction, topics
from app.services.environments.holds import end_hold, set_hold
from app.services.operations.hold_check import refuse_rollback
from app.services.operations.planning import applied_state, observe_and_plan
from app.services.operations.queue import AgentCommand, Queue
from app.services.operations.shadow_run import refuse
from app.services.operations.wanted_revision import find_revision
from app.services.relay import elsewhere
from app.wording.quantities import plural

COMMITS = 50
STRATEGIES = ("pin", "revert")


@dataclass(frozen=True, slots=True)
class RollbackPreview:
    """What a delivery or a rollback would do: bring `desired` to where `applied` was delivered last.

    `forward`: the chosen revision is newer than the live one, so nothing is held. `commits`: those that it brings, the
    newest first."""

    environment: Environment
    revision: Revision
    plan: Plan
    live: LiveState
    desired: DesiredState
    applied: DesiredState
    target: Target
    item: HistoryItem | None
    forward: bool
    commits: tuple[Revision, ...] = ()


@dataclass(frozen=True, slots=True)
class RollbackWish:
    """Where to go back to (None: the last good revision) and how: "pin" sets a hold, until `expires_at`; "revert"
    commits to Git. `override_hold`: also over the hold of somebody else."""

    revision: str | None = None
    strategy: str = "pin"
    reason: str = ""
    expires_at: datetime | None = None
    override_hold: bool = False


@dataclass(frozen=True, slots=True)
class WayBack:
    """A rollback to record. `commit`: the revision to deliver; `pins`: it sets a hold; `marks`: the revision that is
    left is marked bad."""

    commit: Revision
    wish: RollbackWish
    actor: Actor
    pins: bool
    marks: bool


class Rollback:
    """Previews rollbacks and carries them out."""

    def __init__(self, ports: Ports, queue: Queue) -> None:
        self._ports = ports
        self._queue = queue

    def preview(self, name: str, revision: str | None) -> RollbackPreview:
        """The plan of going to a revision (None: the last good one), with the target looked at but not touched."""
        return self._planned(*self._choose(name, revision))

    def plan(self, name: str, revision: str | None) -> RollbackPreview:
        """The plan of delivering a revision (None: what Git's ref points at now), forward or back; nothing is changed.
        Raises RevisionNotFound, SourceUnreachable, TargetUnreachable."""
        with self._ports.store.read() as tx:
            environment = tx.environments.get(name)
        source = self._ports.sources.open(environment.source.repo_url, environment.source.credential)
        chosen, _ = find_revision(source, environment, Request(OperationKind.SYNC, Trigger.MANUAL, "", wanted=revision))
        made = self._planned(environment, None, chosen, source)
        live = environment.status.revision
        return replace(made, commits=source.between(live, chosen.sha, COMMITS) if live and made.forward else ())

    def _planned(
        self, environment: Environment, item: HistoryItem | None, chosen: Revision, source: Source
    ) -> RollbackPreview:
        target = self._ports.targets.open(environment)
        state = self._ports.desired.at(environment, chosen.sha)
        live, plan = observe_and_plan(
            environment, target, target.inventory(), state, self._ports.clock.now(), whole=True
        )
        applied = applied_state(self._ports.desired, environment, live.inventory, state)
        forward = _forward(source, environment, chosen)
        return RollbackPreview(environment, chosen, plan, live, state, applied, target, item, forward)

    def _choose(self, name: str, revision: str | None) -> tuple[Environment, HistoryItem | None, Revision, Source]:
        with self._ports.store.read() as tx:
            environment = tx.environments.get(name)
            refuse(environment, "roll back")
            item = from_history(tx, environment, revision)
        source = self._ports.sources.open(environment.source.repo_url, environment.source.credential)
        wanted = item.revision if item else revision or ""
        try:
            chosen = source.resolve(wanted)
        except RevisionNotFound:  # another server delivered it, from a mirror of its own
            source.fetch()
            chosen = source.resolve(wanted)
        return environment, item, chosen, source

    def back(self, name: str, wish: RollbackWish, actor: Actor, operation: str = "") -> Operation:
        """Go back to a revision and stay there. `operation`: an id that was promised.

        "pin" sets a hold and marks the revision that is left as bad; "revert" commits the chosen state to Git on top
        of the branch and delivers it. Raises InvalidInput, EnvironmentHeld, NothingToRollBackTo, RevisionNotFound,
        PushRejected.
        """
        if wish.strategy not in STRATEGIES:
            raise InvalidInput(fields={"strategy": f"must be one of {', '.join(STRATEGIES)}"})
        require_future(wish.expires_at, self._ports.clock.now())
        with self._ports.store.read() as tx:
            environment = tx.environments.get(name)
        refuse(environment, "roll back")
        refuse_rollback(environment, actor, wish.override_hold)
        if elsewhere(self._ports, environment):
            return self._far(environment, wish, actor)
        environment, _, chosen, source = self._choose(name, wish.revision)
        commit = self._revert(source, environment, chosen, wish.reason, actor) if wish.strategy == "revert" else chosen
        back = not _forward(source, environment, chosen)
        way = WayBack(commit, wish, actor, pins=back and wish.strategy == "pin", marks=back)
        with self._ports.store.write() as tx:
            asked = self._write(tx, tx.environments.by_id(environment.id), way, id=operation)
        self._ports.notifier.notify(topics(environment))
        return asked

    def _far(self, environment: Environment, wish: RollbackWish, actor: Actor) -> Operation:
        """Roll back an agent's environment: choose from the stored history, record it, and command the agent."""
        with self._ports.store.write() as tx:
            environment = tx.environments.by_id(environment.id)
            chosen, live = from_history(tx, environment, wish.revision), environment.status.revision
            before = tx.history.find(environment.id, live) if live else None
            back = not _newer(chosen, before)
            place = {"environment": environment.name, "mode": environment.mode.value}
            asked = {
                "revision": chosen.revision, "strategy": wish.strategy, "reason": wish.reason, "by": str(actor)
            }  # fmt: skip
            command = CommandKind.ROLLBACK, {**place, **asked, "expires_at": encode(wish.expires_at)}
            pins = back and wish.strategy == "pin"
            way = WayBack(_as_revision(chosen), wish, actor, pins=pins, marks=back)
            operation = self._write(tx, environment, way, command)
        self._ports.notifier.notify(topics(environment))
        return operation

    def _write(
        self, tx: Transaction, environment: Environment, way: WayBack, command: AgentCommand | None = None, id: str = ""
    ) -> Operation:
        now, left, commit, actor = self._ports.clock.now(), environment.status.revision, way.commit, way.actor
        refuse_rollback(environment, actor, way.wish.override_hold)
        tx.history.unmark_bad(environment.id, commit.sha)
        if left and left != commit.sha and way.marks:
            self._mark(tx, environment, left, way.wish.reason or "rolled back", actor)
        if way.pins:
            why = way.wish.reason or f"rolled back to {commit.short}"
            set_hold(tx, environment, Hold(str(actor), why, now, way.wish.expires_at, left), actor, now)
        elif environment.pinned:
            end_hold(tx, environment, actor, f"went on to {commit.short}", now)
        request = Request(
            OperationKind.SYNC, Trigger.ROLLBACK, str(actor), wanted=commit.sha, reason=way.wish.reason,
            left_revision=left, override_hold=way.wish.override_hold, forward=not way.marks,
        )  # fmt: skip
        return self._queue.add(tx, environment, request, actor, command, id)

    def _mark(self, tx: Transaction, environment: Environment, left: str, reason: str, actor: Actor) -> None:
        now = self._ports.clock.now()
        tx.history.mark_bad(environment.id, left, reason, str(actor), now)
        tx.ledger.append(now, [about(environment, RevisionMarkedBad(left, by=actor, why=reason))])

    def _revert(
        self, source: Source, environment: Environment, chosen: Revision, reason: str, actor: Actor
    ) -> Revision:
        """Commit the chosen state on top of the environment's branch and push it."""
        source.fetch(environment.source.ref)
        branch = _branch(source, environment)
        head = source.resolve(environment.source.ref)
        edits = self._ports.desired.revert(environment, head.sha, chosen.sha)
        if not edits:
            return head
        message = f"Revert to {chosen.short}: {chosen.subject}\n\n{reason}\n\nRolled back by {actor} in PushPull."
        return source.commit(branch, head.sha, edits, message, author_called(actor.name))


def _branch(source: Source, environment: Environment) -> str:
    """The branch that the environment follows. Raises InvalidInput where it follows a tag or a commit."""
    try:
        return source.branch(environment.source.ref)
    except InvalidInput as problem:
        mend = f"cannot revert: {problem.detail.partition('. ')[0]}, and only a branch takes a commit; use pin"
        raise InvalidInput(fields={"strategy": mend}) from None


def from_history(tx: Transaction, environment: Environment, revision: str | None) -> HistoryItem:
    """The history item of a revision; None means the last good one."""
    live = environment.status.revision
    if revision is None:
        item = tx.history.last_good(environment.id, other_than=live)
        if item is None:
            raise NothingToRollBackTo(_why_nothing(tx, environment))
        return item
    found = tx.history.find(environment.id, revision)
    if found is None:
        raise RevisionNotFound(
            f"{revision[:40]!r} was never live in {environment.name}; choose one of its history, or push it.",
            fields={"revision": "is not in this environment's history"},
        )
    return found


def _why_nothing(tx: Transaction, environment: Environment) -> str:
    name, live = environment.name, environment.status.revision
    others = [one for one in tx.history.page(environment.id, 100, None).items if one.revision != live]
    if not live and not others:
        return f"Nothing was live in {name} yet, so there is nothing to go back to. Deliver a revision first."
    if not others:
        return f"{(live or '')[:8]} is the only revision that was ever live in {name}."
    left = len({one.revision for one in others})
    others_were = plural(left, "other revision was", "other revisions were")
    return (
        f"{others_were} live in {name}, but none is good: each is marked bad or never was healthy. "
        "Choose one of the history by hand if you want it all the same."
    )


def _newer(one: HistoryItem, other: HistoryItem | None) -> bool:
    """Whether `one` is newer than `other` by commit time, for lack of a mirror."""
    return bool(other and one.committed_at and other.committed_at and one.committed_at > other.committed_at)


def _as_revision(item: HistoryItem) -> Revision:
    at = item.committed_at or item.live_at or datetime.min.replace(tzinfo=UTC)
    return Revision(item.revision, Person(item.author), at, item.subject)


def _forward(source: Source, environment: Environment, chosen: Revision) -> bool:
    live = environment.status.revision
    return live is not None and source.is_ancestor(live, chosen.sha)
