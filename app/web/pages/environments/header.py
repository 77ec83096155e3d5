"""The header of an environment's views: the road from source to target, the difference, and the actions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from app.domain.environment import Environment
from app.domain.identity import Identity
from app.domain.operation import Operation, OperationKind, Phase, Stage, StageName
from app.queries import Queries
from app.queries.environment_state import Ahead, EnvironmentState, pending_revision
from app.web.rendering.plots import RoadStep, steps
from app.wording.operation_words import doing
from app.wording.quantities import plural
from app.wording.short_names import short


@dataclass(frozen=True, slots=True)
class Head(EnvironmentState):
    """What environments/layout.html gets besides the view's own values. `tab`: the view below it; `steps`, `where`: the
    road of the revision that is on its way or was last, and where on it that is, in words."""

    tab: str
    steps: tuple[RoadStep, ...]
    where: str

    @property
    def delivery(self) -> Operation | None:
        """The sync that is under way or waits for its turn."""
        return self.active if self.active and self.active.kind is OperationKind.SYNC else None


def head(queries: Queries, who: Identity, name: str, tab: str) -> Head:
    """All that is known about an environment just now. Raises EnvironmentNotFound."""
    state = queries.state.read(who, name)
    environment, active = state.environment, state.active
    syncing = active if active and active.kind is OperationKind.SYNC else None
    known: dict[str, Any] = {each.name: getattr(state, each.name) for each in fields(state)}
    return Head(
        **known,
        tab=tab,
        steps=_steps(environment, syncing, state.last, state.ahead, state.now),
        where=_where(environment, syncing, state.last, state.pending, state.noun),
    )


def _steps(
    environment: Environment, syncing: Operation | None, last: Operation | None, ahead: Ahead, now: datetime
) -> tuple[RoadStep, ...]:
    """Where the revision is on its road: on its way, waiting in Git, stuck, or arrived."""
    if syncing and syncing.stages:
        return steps(syncing.stages, now, syncing.phase)
    pending = pending_revision(environment)
    if syncing and not pending:
        return steps((), now, syncing.phase)
    if pending and not (last and last.revision == pending):
        return steps(_noticed(environment, ahead), now)
    return steps(last.stages if last else (), now, last.phase if last else "queued")


def _noticed(environment: Environment, ahead: Ahead) -> Iterable[Stage]:
    at = environment.status.noticed_at
    if ahead.revision and at:
        committed = ahead.revision.committed_at if ahead.revision.dated else at
        if ahead.revision.dated:
            yield Stage(StageName.COMMITTED, committed, committed)
        yield Stage(StageName.VISIBLE, committed, max(at, committed))
        yield Stage(StageName.NOTICED, at, at)


def _where(
    environment: Environment, syncing: Operation | None, last: Operation | None, pending: str | None, noun: str
) -> str:
    status = environment.status
    if environment.external:
        return f"{short(status.revision)} is live" if status.revision else "nothing was told yet"
    if syncing and environment.policy.observe:
        return f"{short(syncing.revision or syncing.request.wanted)} is being looked at; nothing is applied"
    if environment.policy.observe:
        return f"{short(last.revision)} was planned, not applied" if last and last.revision else "observes only"
    if syncing:
        return on_its_way(environment, syncing, noun)
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


def on_its_way(environment: Environment, operation: Operation, noun: str) -> str:
    """A delivery under way, in words: "65de448e is on its way: applying, 2 of 9 files"."""
    known = operation.revision or operation.request.wanted
    if operation.phase is Phase.QUEUED:
        return f"{short(known) if known else 'a delivery'} {operation.reason or 'waits for its turn'}"
    now = doing(operation, [hook.when for hook in environment.policy.hooks])
    count = f", {operation.done:,} of {plural(operation.total, noun)}" if operation.total else ""
    return f"{short(known) if known else 'a revision'} is on its way: {now}{count}"
