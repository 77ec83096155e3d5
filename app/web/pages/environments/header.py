"""What stands above every view of an environment: the road from source to target, what differs, what can be done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from app.domain.agents.protocol import Agent
from app.domain.environment import Environment
from app.domain.errors import Problem
from app.domain.operation import Operation, OperationKind, Phase, Stage, StageName
from app.domain.revision import Revision
from app.domain.specification.kind_catalogue import KindCatalogue
from app.domain.specification.target_kind import TargetFact
from app.domain.state.drift import Episode
from app.domain.status import Divergence, Health, SyncStatus
from app.ports import HistoryItem, Transaction
from app.services.use_cases import UseCases
from app.web.rendering.plots import RoadStep, steps
from app.web.rendering.present import plural, short

COMMITS = 100
REGION = "environment_head"


@dataclass(frozen=True, slots=True)
class Ahead:
    """What Git holds and live does not: the noticed revision, and how many commits lie between."""

    revision: Revision | None
    commits: int


@dataclass(frozen=True, slots=True)
class Head:
    """What environments/layout.html gets besides the view's own values."""

    environment: Environment
    tab: str
    now: datetime
    sync: SyncStatus
    health: Health
    agent: Agent | None
    silent: bool
    calm: bool
    pending: str | None
    ahead: Ahead
    bad: str
    steps: tuple[RoadStep, ...]
    where: str
    active: Operation | None
    last: Operation | None
    episode: Episode | None
    way_back: HistoryItem | None
    target_kind: str
    target_facts: tuple[TargetFact, ...]
    place: str
    noun: str
    ignored: int


def head(use_cases: UseCases, name: str, tab: str) -> Head:
    """All that is known about an environment just now; `tab` is the view below it. Raises EnvironmentNotFound."""
    now = use_cases.ports.clock.now()
    with use_cases.ports.store.read() as tx:
        environment = tx.environments.get(name)
        agent = tx.agents.of_environment(environment.id) if environment.agent else None
        active = tx.operations.active(environment.id)
        last = tx.operations.last_finished(environment.id, OperationKind.SYNC.value)
        episode = tx.episodes.current(environment.id)
        way_back = tx.history.last_good(environment.id, environment.status.revision)
        report = tx.drift.get(environment.id) if environment.policy.ignore else None
        ignored = len(report.ignored) if report else 0
        pending = pending_revision(environment)
        bad = _why_bad(tx, environment, pending or environment.status.noticed)
    ahead = _ahead(use_cases, environment)
    kinds = use_cases.ports.targets.kinds()
    noun = kinds.nouns(environment.target)[0]
    syncing = active if active and active.kind is OperationKind.SYNC else None
    return Head(
        environment=environment,
        tab=tab,
        now=now,
        sync=environment.sync_at(now),
        health=environment.health_at(now),
        agent=agent,
        silent=environment.silent(now),
        calm=environment.status.divergence is not Divergence.DRIFT,
        pending=pending,
        ahead=ahead,
        bad=bad,
        steps=_steps(environment, syncing, last, ahead, now),
        where=_where(environment, syncing, last, pending, noun),
        active=active,
        last=last,
        episode=episode,
        way_back=way_back,
        target_kind=_kind(kinds, environment),
        target_facts=use_cases.ports.targets.facts(environment.target),
        place=kinds.path(environment.target) or environment.target.kind,
        noun=noun,
        ignored=ignored,
    )


def pending_revision(environment: Environment) -> str | None:
    """The noticed revision, where it is not live and would change something."""
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


def _kind(kinds: KindCatalogue, environment: Environment) -> str:
    known = kinds.get(environment.target.kind)
    return known.title_on(environment.runs_on) if known else environment.target.kind


def _ahead(use_cases: UseCases, environment: Environment) -> Ahead:
    """Asks the mirror only, so that it also works while the Git server is down; what it cannot tell is left out."""
    status, spec = environment.status, environment.source
    if status.noticed is None:
        return Ahead(None, 0)
    try:
        source = use_cases.ports.sources.open(spec.repo_url, spec.credential)
        revision = source.resolve(status.noticed)
        between = source.between(status.revision, status.noticed, COMMITS) if status.revision != status.noticed else ()
    except Problem:
        return Ahead(None, 0)
    return Ahead(revision, len(between))


def _steps(
    environment: Environment, syncing: Operation | None, last: Operation | None, ahead: Ahead, now: datetime
) -> tuple[RoadStep, ...]:
    """Where the revision is on its road: on its way, waiting in Git, stuck, or arrived."""
    if syncing and syncing.stages:
        return steps(syncing.stages, now, syncing.phase)
    pending = pending_revision(environment)
    if pending and not (last and last.revision == pending):
        return steps(_noticed(environment, ahead), now)
    return steps(last.stages if last else (), now, last.phase if last else "queued")


def _noticed(environment: Environment, ahead: Ahead) -> Iterable[Stage]:
    at = environment.status.noticed_at
    if ahead.revision and at:
        committed = ahead.revision.committed_at
        yield Stage(StageName.COMMITTED, committed, committed)
        yield Stage(StageName.VISIBLE, committed, max(at, committed))
        yield Stage(StageName.NOTICED, at, at)


def _where(
    environment: Environment, syncing: Operation | None, last: Operation | None, pending: str | None, noun: str
) -> str:
    status = environment.status
    if syncing and environment.policy.observe:
        return f"{short(syncing.revision or syncing.request.wanted)} is being looked at; nothing is applied"
    if environment.policy.observe:
        return f"{short(last.revision)} was planned, not applied" if last and last.revision else "observes only"
    if syncing:
        return _under_way(syncing, noun)
    if pending and last and last.revision == pending and last.phase in (Phase.FAILED, Phase.ERROR):
        still = f"; {short(status.revision)} is still live" if status.revision else ""
        return f"{short(pending)} did not get through{still}"
    if pending:
        return f"{short(pending)} waits{', held' if environment.hold else ' in Git'}"
    if status.revision is None:
        return "nothing was delivered yet"
    if status.drift_count:
        return f"{short(status.revision)} was delivered; the target has moved since"
    return f"{short(status.revision)} is live{' and healthy' if status.health == 'Healthy' else ''}"


def _under_way(operation: Operation, noun: str) -> str:
    sha = short(operation.revision or operation.request.wanted)
    if operation.phase is Phase.QUEUED:
        known = operation.revision or operation.request.wanted
        return f"{sha if known else 'a delivery'} {operation.reason or 'waits for its turn'}"
    if operation.total and operation.stage(StageName.APPLIED):
        applied = operation.stage(StageName.APPLIED)
        if applied and applied.finished_at:
            return f"{sha} is applied; its health is being checked"
        return f"{sha} is being applied: {operation.done:,} of {plural(operation.total, noun)}"
    return f"{sha} is on its way"
