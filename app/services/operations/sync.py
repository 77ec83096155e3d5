"""Sync: make live equal desired, then check hooks and health."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from app.domain.environment import Environment, Status
from app.domain.errors import Problem
from app.domain.events.environment_events import HoldEnded
from app.domain.operation import Changes, Outcome, Phase, StageName, Trigger, UnsupportedPath
from app.domain.revision import Revision
from app.domain.state.drift import DriftReport, Ending
from app.domain.state.items import printable
from app.domain.state.plan import Plan
from app.domain.status import CLEAR, Health
from app.ports import CheckResult, DesiredState, Ports, Source, Target
from app.services.operations import wanted_revision as wanted
from app.services.operations.health_and_hooks import run_hooks, unchecked, wait_until_healthy
from app.services.operations.inventory_seeding import follow_record, seed_inventory
from app.services.operations.planning import AppliedDelivery, changes_of, chosen, files_after, observe_and_plan
from app.services.operations.recorder import OperationRecorder, paths_of
from app.services.operations.refresh import keep_drift
from app.services.operations.shadow_run import Shadow
from app.services.operations.wanted_revision import Ruling
from app.services.outcomes import status_transitions
from app.services.outcomes.conclusion import Conclusion, NextRefresh, WentLive
from app.services.outcomes.drift_episodes import SAMPLE, DriftFound, DriftOver
from app.services.outcomes.operation_records import event_of
from app.services.outcomes.revision_news import RevisionNews, news
from app.services.outcomes.stage_times import origin


class Sync:
    """One sync of one environment."""

    def __init__(self, ports: Ports, environment: Environment, recorder: OperationRecorder) -> None:
        self._ports = ports
        self._environment = environment
        self._recorder = recorder
        self._request = recorder.operation.request
        self._news: RevisionNews | None = None
        self._asked = False  # Git answered, and holds the ref
        self._owned = environment.status.files  # files that the inventory listed before
        self._found = DriftReport()  # what the delivery found changed on the target

    def run(self) -> Conclusion:
        """Walk from the wanted revision to the outcome."""
        environment = self._environment
        source = self._ports.sources.open(environment.source.repo_url, environment.source.credential)
        revision = self._revision(source)
        head = wanted.head_of(source, environment)
        self._asked &= head is not None
        self._news = news(self._ports.desired, source, environment, head) if head else None
        with self._ports.store.read() as tx:
            ruling = wanted.ruling(tx, environment, self._recorder.operation, revision, source)
        ruling = ruling or wanted.outdated(source, environment, self._request, revision)
        began = self._ports.clock.now()
        state = self._ports.desired.at(environment, revision.sha)
        ruling = ruling or wanted.emptiness(environment, state, self._nouns()[1])
        self._recorder.stamp(StageName.RENDERED, began, self._ports.clock.now())
        if ruling:
            return self._decided(ruling, self._waits(source))
        if environment.policy.observe:
            return self._shadow().sync(revision, state)
        self._end_hold(source, revision)
        source.keep(revision.sha)
        return self._deliver(source, revision, state)

    def _nouns(self) -> tuple[str, str]:
        return self._ports.targets.kinds().nouns(self._environment.target)

    def _shadow(self) -> Shadow:
        return Shadow(self._ports, self._environment, self._recorder, self._news, self._noticed_at())

    def _revision(self, source: Source) -> Revision:
        recorder, request = self._recorder, self._request
        with recorder.stage(StageName.FETCHED):
            revision, self._asked = wanted.find_revision(source, self._environment, request)
            noticed = request.noticed_at or self._known_since(revision) or recorder.operation.created_at
            for stage in origin(request, source, revision, noticed):
                recorder.stamp(stage.name, stage.started_at, stage.finished_at or noticed)
            recorder.note(revision=revision.sha, subject=revision.subject, author=revision.author.name)
        return revision

    def _known_since(self, revision: Revision) -> datetime | None:
        """When the poll noticed the revision that a person delivers now; None for a pipeline, which needs no poll."""
        status = self._environment.status
        news = status.noticed == revision.sha != status.revision
        return status.noticed_at if self._request.trigger is Trigger.MANUAL and news else None

    def _decided(self, ruling: Ruling, waits: bool) -> Conclusion:
        """The end of a sync that does not touch the target."""
        told = (ruling.phase, ruling.outcome, ruling.reason)
        return Conclusion(*told, status=self._untouched(waits), news=self._news, noticed_at=self._noticed_at())

    def _untouched(self, waits: bool, *, looked: bool = False) -> Callable[[Environment], Status]:
        """The status after a sync that left the target as it was. `waits`: Git's head is not delivered; `looked`: the
        target could be looked at."""

        def status(environment: Environment) -> Status:
            after = status_transitions.got_further(environment.status, asked=self._asked, looked=looked)
            return status_transitions.waiting(after) if waits else after

        return status

    def _noticed_at(self) -> datetime:
        """When the ref's head was noticed: by the poll, else when the operation was requested."""
        return self._request.noticed_at or self._recorder.operation.created_at

    def _end_hold(self, source: Source, revision: Revision) -> None:
        """A commit newer than the revision that a rollback left ends the rollback's hold."""
        hold = self._environment.hold
        if hold is None or not wanted.newer_than_left(hold, revision.sha, source):
            return
        reason = f"{revision.short} landed, newer than {(hold.left_revision or '')[:8]}"
        with self._ports.store.write() as tx:
            if tx.environments.by_id(self._environment.id).hold != hold:
                return  # a person has set another one since
            tx.environments.set_hold(self._environment.id, None)
            tx.ledger.append(self._ports.clock.now(), [event_of(self._recorder.operation, HoldEnded(why=reason))])
        self._environment = replace(self._environment, hold=None)

    def _deliver(self, source: Source, revision: Revision, state: DesiredState) -> Conclusion:
        environment, recorder = self._environment, self._recorder
        target = self._ports.targets.open(environment, recorder.check)
        head, seeded = seed_inventory(self._ports, environment, target)
        head = follow_record(self._ports, environment, target, head)
        self._owned = environment.status.files if head.state else 0
        calm = head.state != state.id and not environment.status.drift_count
        whole = bool(seeded or self._request.paths or head.state is None or not (calm or self._request.spares_drift))
        with recorder.stage(StageName.PLANNED):
            live, found = observe_and_plan(environment, target, head, state, self._ports.clock.now(), whole=whole)
            plan, left = chosen(found, self._request.paths, target)
        self._found = keep_drift(recorder, environment, target, live, found, state)
        recorder.note(total=len(plan.work))
        recorder.remember(paths=paths_of(plan.items), state=state.id)
        failure = self._apply(target, plan, state)
        if failure is not None:
            return self._stopped(failure, self._waits(source), whole)
        recorder.note(changes=changes_of(plan, self._owned))
        self._report_unsupported(state)
        return self._live(
            AppliedDelivery(revision, state, plan, whole, left),
            self._check(target),
            self._ahead(source, revision.sha, state.id),
        )

    def _report_unsupported(self, state: DesiredState) -> None:
        """Log which paths are not delivered as they are meant."""
        found = tuple(UnsupportedPath(printable(one.key), one.kind) for one in state.unsupported()[:100])
        self._recorder.remember(unsupported=found)
        for one in found[:10]:
            self._recorder.log(f"not supported: '{one.path}' is a {one.kind.replace('_', ' ')}")

    def _apply(self, target: Target, plan: Plan, state: DesiredState) -> str | None:
        """Bring the target and the inventory to the desired state; return why a hook stopped it, or None."""
        recorder = self._recorder
        if not plan.work:
            target.record(plan, state)
            return None
        failure = run_hooks(self._ports, self._environment, recorder, "pre")
        if failure:
            return f"{failure}; the target was not touched"
        with recorder.stage(StageName.APPLIED):
            target.apply(plan, state, recorder)
        return None

    def _check(self, target: Target) -> CheckResult:
        """Post hooks, then health."""
        recorder = self._recorder
        if recorder.operation.stage(StageName.APPLIED) is None:
            now = self._ports.clock.now()
            recorder.stamp(StageName.APPLIED, now, now)
        else:
            failure = run_hooks(self._ports, self._environment, recorder, "post")
            if failure:
                return CheckResult(Health.DEGRADED, failure)
        if self._environment.policy.health_check is None and target.health() is None:
            now = self._ports.clock.now()
            recorder.stamp(StageName.HEALTHY, now, now)
            return unchecked(self._ports, self._environment)
        with recorder.stage(StageName.HEALTHY):
            result = wait_until_healthy(self._ports, self._environment, target, recorder)
            if result.health is not Health.HEALTHY:
                recorder.unreached(StageName.HEALTHY)
        return result

    def _stopped(self, reason: str, waits: bool, whole: bool) -> Conclusion:
        """The end of a sync that a hook stopped before it touched the target."""
        return Conclusion(
            Phase.FAILED,
            Outcome.FAILED,
            reason,
            status=self._untouched(waits, looked=True),
            news=self._news,
            noticed_at=self._noticed_at(),
            refresh=_next_refresh(whole),
        )

    def _live(self, delivery: AppliedDelivery, checked: CheckResult, ahead: bool) -> Conclusion:
        """The end of a sync whose revision is live, and maybe healthy. `ahead`: Git asks for another one already."""
        at, revision, plan = self._ports.clock.now(), delivery.revision, delivery.plan
        well, moved = checked.health is Health.HEALTHY, self._environment.status.revision != revision.sha

        def status(environment: Environment) -> Status:
            before = environment.status
            known = CLEAR if self._asked else status_transitions.source_condition(before)
            after = status_transitions.delivered(environment, revision, at, checked.health, ahead, known)
            checked_at = at if delivery.whole else before.checked_at or at
            good = revision.sha if well else before.last_good
            after = replace(after, files=files_after(plan, self._owned), checked_at=checked_at, last_good=good)
            return status_transitions.drifting_still(after, spared, before.drift_episode) if spared else after

        spared, ending = self._spared(delivery), Ending.SUPERSEDED if moved else Ending.HEALED
        ending = Ending.WRITTEN_BACK if self._request.spares_drift else ending
        return Conclusion(
            Phase.SUCCEEDED if well else Phase.FAILED,
            self._outcome(plan, revision) if well else Outcome.FAILED,
            self._reason(plan) if well else f"live, but not healthy: {checked.detail}",
            status=status,
            news=self._news,
            noticed_at=self._noticed_at(),
            live=WentLive(revision, delivery.state.id, moved, well),
            episode=self._healed_in_part(delivery, at) if spared else DriftOver(at, ending, self._request.initiated_by),
            drift=self._left(delivery) if spared else DriftReport(revision.sha),
            refresh=_next_refresh(delivery.whole),
        )

    def _spared(self, delivery: AppliedDelivery) -> int:
        """How many paths drift as before, because only others or only what Git changed was asked for."""
        known = self._environment.status.drift_count if self._request.spares_drift else 0
        return len(delivery.left) or max(0, known - len(delivery.plan.drift))

    def _healed_in_part(self, delivery: AppliedDelivery, at: datetime) -> DriftFound | None:
        left, healed = delivery.left_paths, delivery.healed
        return DriftFound(at, left[:SAMPLE], len(left), healed=healed, by=self._request.initiated_by) if left else None

    def _left(self, delivery: AppliedDelivery) -> DriftReport | None:
        left = frozenset(delivery.left_paths)
        items = tuple(item for item in self._found.items if item.path in left)
        return replace(self._found, items=items, count=len(left)) if left else None

    def _ahead(self, source: Source, revision: str, id: str) -> bool:
        """Whether Git's ref asks for another state than the one with this id, which is the revision's."""
        head = None if self._environment.pinned else wanted.head_of(source, self._environment)
        if head is None or head.sha == revision:
            return False
        with self._ports.store.read() as tx:
            if tx.history.is_bad(self._environment.id, head.sha):
                return False
        return self._ports.desired.id_at(self._environment, head.sha) != id

    def _waits(self, source: Source) -> bool:
        """Whether Git's ref asks for another state than the live one, so that not delivering leaves us OutOfSync."""
        live = self._environment.status.revision
        try:
            return live is not None and self._ahead(source, live, self._ports.desired.id_at(self._environment, live))
        except Problem:
            return False  # the mirror was cloned again and no longer knows what is live

    def _outcome(self, plan: Plan, revision: Revision) -> Outcome:
        before = self._environment.status.revision
        if self._request.goes_back:
            return Outcome.ROLLED_BACK
        if plan.work:
            return Outcome.HEALED if before == revision.sha else Outcome.DEPLOYED
        if before is None:
            return Outcome.DEPLOYED
        return Outcome.NO_OP if before == revision.sha else Outcome.FILTERED

    def _reason(self, plan: Plan) -> str:
        if plan.work:
            return self._request.reason or _done(self._recorder.operation.changes, self._nouns())
        if self._request.paths:
            return "nothing that was asked for drifts any more"
        if self._environment.status.revision == self._recorder.operation.revision:
            return "this revision is live already"
        return self._request.reason or "the commit changes nothing under this environment's path"


def _done(changes: Changes, nouns: tuple[str, str]) -> str:
    """What was done, in one sentence. `nouns`: one and many of what is delivered."""
    counts = ((changes.created, "created"), (changes.updated, "updated"), (changes.deleted, "deleted"))
    done = [f"{count:,} {nouns[count != 1]} {verb}" for count, verb in counts if count]
    return ", ".join(done) or "brought in line"


def _next_refresh(whole: bool) -> NextRefresh:  # a look at what Git changed is followed by one at everything
    return NextRefresh.AFTER_INTERVAL if whole else NextRefresh.AT_ONCE
