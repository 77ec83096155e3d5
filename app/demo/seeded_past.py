"""Fourteen days that the demo makes up, so that there is something to compare from the first minute on.

None of it ran: operations, drift and rollbacks are drawn from a seed, by the same rules for both modes, and written
through the use cases with the times at which they would have happened. Each says that it is made up, by its reason and
by whoever started it. What differs is how a commit comes to be noticed: by a pipeline that takes 20 to 90 s and fails
one time in nine, or by the next poll.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from app.config import Settings
from app.crypto import Passwords, Signer, public_half
from app.demo.chance import Chance
from app.demo.demo_environments import MODES, POLL_S, REFRESH_S, specification
from app.domain.actor import SCHEDULE, Actor, token, user
from app.domain.environment import Environment, Status
from app.domain.operation import Changes, Operation, OperationKind, Outcome, Phase, Request, Stage, StageName, Trigger
from app.domain.revision import Revision
from app.domain.state.drift import Ending
from app.domain.status import CLEAR, Divergence, Health, SyncStatus
from app.notifications import InProcessNotifier
from app.ports import Transaction
from app.services.operations.queue import Queue
from app.services.outcomes.conclusion import Conclusion, NextRefresh, WentLive, conclude
from app.services.outcomes.drift_episodes import DriftFound, DriftOver
from app.services.outcomes.revision_news import RevisionNews
from app.services.outcomes.status_transitions import delivered
from app.services.use_cases import wire_use_cases
from app.store import HeadFile

DAYS = 14
CI, JONAS = token("seeded-ci"), user("seeded-jonas")
EDITED = ("nginx.conf", "site/hours.html")
Deed = Callable[[Transaction], None]


@dataclass
class PastClock:
    """Implements the port Clock; it stands where the story is."""

    at: datetime

    def now(self) -> datetime:
        self.at += timedelta(microseconds=1)
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing waits in a past that is made up")


@dataclass
class Side:
    """One environment while its past is written. `good`: what was live and well, newest last; `missed`: a commit whose
    pipeline failed, until something newer is delivered."""

    name: str
    pulled: bool
    good: list[Revision] = field(default_factory=list)
    missed: Revision | None = None


class SeededPast:
    """Writes the past of some environments, all from the same commits, edits by hand and rollbacks."""

    def __init__(self, queue: Queue, clock: PastClock, chance: Chance, note: str) -> None:
        self._queue, self._clock = queue, clock
        self._chance, self._note = chance, note
        self._story: list[tuple[datetime, Deed]] = []

    def draw(self, sides: Sequence[Side], commits: Sequence[Revision], end: datetime) -> None:
        """Draw what happened between the first commit and `end`."""
        bad, back = self._chance.some(3, len(commits) - 2), self._chance.some(11, len(commits) - 2)
        for number, commit in enumerate(commits):
            for side in sides:
                self._delivery(side, commit, well=number not in bad or number == 0)
            if number in {*bad, *back}:
                self._answer(sides, commit.committed_at + timedelta(seconds=2 * POLL_S), self._go_back)
        start = commits[0].committed_at + timedelta(hours=1)
        for _ in range(12):
            self._edit(sides, start + timedelta(seconds=self._chance.within((end - start).total_seconds() - 7200)))

    def write(self, tx: Transaction, sides: Sequence[Side]) -> None:
        """Write it, oldest first. What is on the targets stays unknown: nobody looked."""
        for at, deed in sorted(self._story, key=lambda one: one[0]):
            self._clock.at = max(at, self._clock.at)
            deed(tx)
        for side in sides:
            tx.environments.put_status(tx.environments.get(side.name).id, Status())

    def _delivery(self, side: Side, commit: Revision, *, well: bool) -> None:
        """A commit's way: with push a pipeline brings it or fails, with pull the next poll finds it."""
        committed = commit.committed_at
        trigger, actor = (Trigger.SCHEDULE, SCHEDULE) if side.pulled else (Trigger.PIPELINE, CI)
        waited = self._chance.within(POLL_S) if side.pulled else self._chance.pipeline_s()
        seen = committed + timedelta(seconds=waited)
        looked = max(committed, seen - timedelta(seconds=POLL_S)) if side.pulled else committed
        if not side.pulled and self._chance.pipeline_fails():
            self._story.append((seen, lambda tx: setattr(side, "missed", commit)))
            return
        request = Request(
            OperationKind.SYNC, trigger, str(actor), commit.sha, self._note, noticed_at=seen, visible_after=looked
        )
        self._story.append((seen, lambda tx: self._deliver(tx, side, commit, request, actor, well)))

    def _answer(self, sides: Sequence[Side], at: datetime, deed: Callable[[Transaction, Side], None]) -> None:
        """A person does the same on every side, after a while that is drawn for each."""
        for side in sides:
            moment = at + timedelta(seconds=self._chance.answer_s())
            self._story.append((moment, _on(side, deed)))

    def _edit(self, sides: Sequence[Side], at: datetime) -> None:
        """Somebody edits every server by hand; each is found out at its next comparison, and healed by a person."""
        for side in sides:
            found = at + timedelta(seconds=self._chance.within(REFRESH_S))
            self._story.append((found, _on(side, self._find)))
            self._answer((side,), found, self._heal)

    def _find(self, tx: Transaction, side: Side) -> None:
        environment = tx.environments.get(side.name)
        if environment.status.revision is None:
            return
        before = self._clock.at - timedelta(seconds=REFRESH_S)
        tx.environments.put_status(environment.id, replace(environment.status, checked_at=before))
        request = Request(OperationKind.REFRESH, Trigger.SCHEDULE, str(SCHEDULE), reason=self._note)
        operation = self._queue.add(tx, environment, request, SCHEDULE)
        at = self._clock.at + timedelta(seconds=self._chance.work_s())
        conclude(tx, replace(operation, started_at=self._clock.at, revision=environment.status.revision), Conclusion(
            Phase.SUCCEEDED, Outcome.OUT_OF_SYNC, f"{len(EDITED)} files differ; {self._note}",
            status=lambda one: replace(
                one.status, sync=SyncStatus.OUT_OF_SYNC, divergence=Divergence.DRIFT, checked_at=at,
                drift_count=len(EDITED),
            ),
            episode=DriftFound(at, EDITED, len(EDITED)),
        ), at)  # fmt: skip

    def _heal(self, tx: Transaction, side: Side) -> None:
        if side.good and tx.episodes.current(tx.environments.get(side.name).id):
            request = Request(OperationKind.SYNC, Trigger.MANUAL, str(JONAS), side.good[-1].sha, self._note)
            self._deliver(tx, side, side.good[-1], request, JONAS, well=True)

    def _go_back(self, tx: Transaction, side: Side) -> None:
        live = tx.environments.get(side.name).status.revision
        earlier = [one for one in side.good if one.sha != live]
        if earlier and live:
            request = Request(
                OperationKind.SYNC, Trigger.ROLLBACK, str(JONAS), earlier[-1].sha, self._note, left_revision=live
            )
            self._deliver(tx, side, earlier[-1], request, JONAS, well=True)

    def _deliver(
        self, tx: Transaction, side: Side, commit: Revision, request: Request, actor: Actor, well: bool
    ) -> None:
        environment = tx.environments.get(side.name)
        operation = self._queue.add(tx, environment, request, actor)
        stages, end = self._stages(operation, commit, well)
        ran = replace(
            operation, started_at=operation.created_at, revision=commit.sha, subject=commit.subject,
            author=commit.author.name, stages=stages, changes=Changes(updated=1, unchanged=8), total=1, done=1,
        )  # fmt: skip
        conclude(tx, ran, self._end(environment, side, commit, ran, well), end)
        if well:
            side.good.append(commit)
        side.missed = None if request.trigger is Trigger.PIPELINE else side.missed

    def _end(self, environment: Environment, side: Side, commit: Revision, ran: Operation, well: bool) -> Conclusion:
        at = ran.stages[-1].finished_at or ran.stages[-1].started_at
        moved, health = environment.status.revision != commit.sha, Health.HEALTHY if well else Health.DEGRADED
        forward = ran.trigger in (Trigger.PIPELINE, Trigger.SCHEDULE)
        told = Outcome.DEPLOYED if moved else Outcome.HEALED
        told = Outcome.ROLLED_BACK if ran.trigger is Trigger.ROLLBACK else told
        why = f"1 file updated; {self._note}" if well else f"live, but not healthy; {self._note}"
        return Conclusion(
            Phase.SUCCEEDED if well else Phase.FAILED,
            told if well else Outcome.FAILED,
            why,
            status=lambda one: delivered(one, commit, at, health, False, CLEAR),
            news=RevisionNews(commit, (commit,), left_out=side.missed) if forward else None,
            live=WentLive(commit, "", moved, well),
            episode=DriftOver(at, Ending.SUPERSEDED if moved else Ending.HEALED, ran.request.initiated_by),
            refresh=NextRefresh.AS_PLANNED,
        )

    def _stages(self, operation: Operation, commit: Revision, well: bool) -> tuple[tuple[Stage, ...], datetime]:
        """The stages of a delivery, each as long as drawn; and its end."""
        asked, request = operation.created_at, operation.request
        stages = [Stage(StageName.COMMITTED, commit.committed_at, commit.committed_at)]
        stages.append(
            Stage(StageName.VISIBLE, request.visible_after or commit.committed_at, request.noticed_at or asked)
        )
        stages.append(Stage(StageName.NOTICED, asked, asked))
        at = asked
        for name in (StageName.FETCHED, StageName.PLANNED, StageName.APPLIED, StageName.HEALTHY):
            start, at = at, at + timedelta(seconds=self._chance.work_s())
            stages.append(Stage(name, start, at if well or name is not StageName.HEALTHY else None))
        return tuple(stages), at


def _on(side: Side, deed: Callable[[Transaction, Side], None]) -> Deed:
    return lambda tx: deed(tx, side)


def write_past(
    settings: Settings, repository: Path, commits: Sequence[Revision], end: datetime, chance: Chance, note: str
) -> None:
    """Register an environment of each mode as of the first of these commits, and write what happened until `end`."""
    from app.main import open_database, wire_ports

    folder, clock = settings.folder(), PastClock(commits[0].committed_at - timedelta(minutes=1))
    store = open_database(settings)
    try:
        ports = replace(wire_ports(settings, store, InProcessNotifier()), clock=clock)
        cases = wire_use_cases(ports, Passwords(), Signer(folder / "signing.key"), public_half, HeadFile(folder))
        sides = [Side(name, mode == "pull") for name, mode in MODES.items()]
        (targets,) = settings.targets()
        for side in sides:
            cases.registration.create(specification(side.name, repository, targets), JONAS)
        past = SeededPast(cases.queue, clock, chance, note)
        past.draw(sides, commits, end)
        with store.write() as tx:
            past.write(tx, sides)
    finally:
        store.close()
