"""The current state of one environment, for the header of its views."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.domain.agents.protocol import Agent
from app.domain.environment import Environment
from app.domain.errors import OperationNotFound, Problem
from app.domain.external import SYSTEMS, title_of
from app.domain.identity import Identity
from app.domain.operation import Operation, OperationKind, UnsupportedPath
from app.domain.revision import Revision
from app.domain.specification.target_kind import TargetFact
from app.domain.state.drift import Episode
from app.domain.status import Divergence, Health, SyncStatus
from app.ports import HistoryItem, Ports, Transaction
from app.queries.visibility import visible_environment

COMMITS = 100


@dataclass(frozen=True, slots=True)
class Ahead:
    """Git's lead over live: the noticed revision, and the number of commits in between."""

    revision: Revision | None
    commits: int


@dataclass(frozen=True, slots=True)
class EnvironmentState:
    """An environment and what belongs to it, at `now`.

    `pending`: the noticed revision that waits; `bad`: why that one, or the noticed one, is marked bad, "" if it is not;
    `active`, `last`: the operation under way, and the last sync that ended; `way_back`: the last good revision other
    than the live one; `target_facts`: what people want to know about the target; `noun`: what one item there is
    called; `ignored`: the number of paths whose drift is accepted; `undelivered`: what of the live revision is not
    delivered as it is meant, a hundred paths at most.
    """

    environment: Environment
    now: datetime
    agent: Agent | None
    pending: str | None
    ahead: Ahead
    bad: str
    active: Operation | None
    last: Operation | None
    episode: Episode | None
    way_back: HistoryItem | None
    target_kind: str
    target_facts: tuple[TargetFact, ...]
    place: str
    noun: str
    ignored: int
    undelivered: tuple[UnsupportedPath, ...]

    @property
    def sync(self) -> SyncStatus:
        """The verdict as it may be shown now."""
        return self.environment.sync_at(self.now)

    @property
    def health(self) -> Health:
        """The health as it may be shown now."""
        return self.environment.health_at(self.now)

    @property
    def silent(self) -> bool:
        """Whether the environment's agent has made no request for too long."""
        return self.environment.silent(self.now)

    @property
    def system(self) -> str:
        """Who delivers in our place, as people know it; "" where we do."""
        return title_of(self.environment.external.system) if self.environment.external else ""

    @property
    def calm(self) -> bool:
        """Whether it is OutOfSync for another reason than drift, so that it needs no person."""
        return self.environment.status.divergence is not Divergence.DRIFT


class EnvironmentStateQuery:
    """Reads the state of one environment from the store, the mirror and the registry of targets."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def read(self, identity: Identity, name: str) -> EnvironmentState:
        """The environment's state. Raises EnvironmentNotFound."""
        now = self._ports.clock.now()
        with self._ports.store.read() as tx:
            environment = visible_environment(tx, identity, name)
            agent = tx.agents.of_environment(environment.id) if environment.agent else None
            active = tx.operations.active(environment.id)
            last = tx.operations.last_finished(environment.id, OperationKind.SYNC.value)
            episode = tx.episodes.current(environment.id)
            way_back = tx.history.last_good(environment.id, environment.status.revision)
            report = tx.drift.get(environment.id) if environment.policy.ignore else None
            pending = pending_revision(environment)
            undelivered = undelivered_by(tx, environment)
            bad = _why_bad(tx, environment, pending or environment.status.noticed)
        kinds = self._ports.targets.kinds()
        kind = kinds.get(environment.target.kind)
        return EnvironmentState(
            environment=environment,
            now=now,
            agent=agent,
            pending=pending,
            ahead=self._ahead(environment),
            bad=bad,
            active=active,
            last=last,
            episode=episode,
            way_back=way_back,
            target_kind=kind.title_on(environment.runs_on) if kind else environment.target.kind,
            target_facts=_told_facts(environment) or self._ports.targets.facts(environment.target),
            place=kinds.path(environment.target) or environment.target.kind,
            noun=kinds.nouns(environment.target)[0],
            ignored=len(report.ignored) if report else 0,
            undelivered=undelivered,
        )

    def undelivered(self, identity: Identity, name: str) -> tuple[UnsupportedPath, ...]:
        """What of an environment's live revision is not delivered as it is meant. Raises EnvironmentNotFound."""
        with self._ports.store.read() as tx:
            return undelivered_by(tx, visible_environment(tx, identity, name))

    def last_delivery(self, identity: Identity, name: str) -> Operation | None:
        """An environment's last sync that ended. Raises EnvironmentNotFound."""
        with self._ports.store.read() as tx:
            return tx.operations.last_finished(visible_environment(tx, identity, name).id, OperationKind.SYNC.value)

    def _ahead(self, environment: Environment) -> Ahead:
        """Git's lead by the mirror only, which works while the Git server is down; unknown parts are left out."""
        status, spec = environment.status, environment.source
        if status.noticed is None:
            return Ahead(None, 0)
        try:
            source = self._ports.sources.open(spec.repo_url, spec.credential)
            revision = source.resolve(status.noticed)
            moved = status.revision != status.noticed
            between = source.between(status.revision, status.noticed, COMMITS) if moved else ()
        except Problem:
            return Ahead(None, 0)
        return Ahead(revision, len(between))


def _told_facts(environment: Environment) -> tuple[TargetFact, ...]:
    """The facts of a place that another system knows; none where we know it."""
    external = environment.external
    if external is None:
        return ()
    called = SYSTEMS[external.system].called if external.system in SYSTEMS else "name"
    place = TargetFact("Delivered by", title_of(external.system))
    return (place, TargetFact(f"{called.capitalize()} there", external.name)) if external.name else (place,)


def undelivered_by(tx: Transaction, environment: Environment) -> tuple[UnsupportedPath, ...]:
    """What of the live revision was not delivered as it is meant, as its delivery found."""
    live = environment.status.revision
    item = tx.history.find(environment.id, live) if live else None
    try:
        return tx.operations.get(item.operation).detail.unsupported if item else ()
    except OperationNotFound:
        return ()  # its record has been deleted since


def pending_revision(environment: Environment) -> str | None:
    """The noticed revision if it is not live and would change the target, else None."""
    status = environment.status
    if environment.policy.observe:
        return None  # a shadow delivers nothing, so nothing waits for it
    waits = status.revision is None or status.divergence is Divergence.NEW_REVISION
    moved = status.noticed is not None and status.noticed != status.revision
    behind_drift = moved and status.divergence is Divergence.DRIFT
    return status.noticed if moved and (waits or behind_drift) else None


def _why_bad(tx: Transaction, environment: Environment, pending: str | None) -> str:
    if pending is None or not tx.history.is_bad(environment.id, pending):
        return ""
    item = tx.history.find(environment.id, pending)
    return (item.bad_reason if item else "") or "no reason given"
