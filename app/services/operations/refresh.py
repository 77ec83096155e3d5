"""Refresh: compare live with desired and record the verdict; the target is only read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from app.domain.diffs.disclosure import secret_lines
from app.domain.diffs.unified import unified
from app.domain.environment import Environment, Status
from app.domain.errors import RevisionNotFound, SourceRefused, Temporary
from app.domain.operation import Outcome, Phase, StageName, Trigger
from app.domain.revision import Revision
from app.domain.state.drift import DriftItem, DriftReport, acceptance
from app.domain.state.episode_report import CONTENT, CONTENTS, KeptContent
from app.domain.state.items import Item, Key, printable
from app.domain.state.plan import Drift, LiveState, Plan, PlanItem
from app.domain.status import CLEAR, Condition, ConditionKind, Health, SyncStatus
from app.ports import ContentReader, DesiredState, Ports, Source, Target
from app.services.operations import wanted_revision as wanted
from app.services.operations.health_and_hooks import check_health
from app.services.operations.inventory_seeding import follow_record, seed_inventory
from app.services.operations.planning import applied_state, observe_and_plan
from app.services.operations.recorder import OperationRecorder, paths_of
from app.services.operations.shadow_run import Shadow
from app.services.outcomes import status_transitions
from app.services.outcomes.conclusion import Conclusion, NextRefresh
from app.services.outcomes.drift_episodes import found_before_apply, found_in
from app.services.outcomes.revision_news import RevisionNews, news
from app.wording.quantities import listed, plural

DIFFS, ITEMS = 100, 5000  # drifted files whose diff is kept, and that are listed
READ_LIMIT = 1_000_000  # bytes of a live file that are read for a diff
DIFF_LIMIT = 40_000  # characters of one diff


class Refresh:
    """One refresh of one environment."""

    def __init__(self, ports: Ports, environment: Environment, recorder: OperationRecorder) -> None:
        self._ports = ports
        self._environment = environment
        self._recorder = recorder
        self._news: RevisionNews | None = None
        self._asked = False  # Git answered, and holds the ref

    def run(self) -> Conclusion:
        """Compare live with desired; returns the verdict."""
        environment = self._environment
        source = self._ports.sources.open(environment.source.repo_url, environment.source.credential)
        target = self._ports.targets.open(environment, self._recorder.check)
        with self._recorder.stage(StageName.FETCHED):
            newest, note = self._polled_head(source), ""
            if newest is None:
                note = self._fetch(source)
                newest = wanted.head_of(source, environment)
            self._asked &= newest is not None
            self._news = news(self._ports.desired, source, environment, newest) if newest else None
            sha = self._declared(source, newest)
        if environment.policy.observe:
            now = self._ports.clock.now()
            return Shadow(self._ports, environment, self._recorder, self._news, now).refresh(sha, note)
        desired = self._ports.desired
        head, _ = seed_inventory(self._ports, environment, target)
        head = follow_record(self._ports, environment, target, head)
        with self._recorder.stage(StageName.PLANNED):
            state = desired.at(environment, sha)
            live, plan = observe_and_plan(environment, target, head, state, self._ports.clock.now(), whole=True)
            applied = applied_state(desired, environment, live.inventory, state)
            found, contents = report(applied, target, live, plan)
            found = replace(found, revision=environment.status.revision)
            at = self._ports.clock.now()
        health = Health.MISSING if vanished(live, target) else self._health(target)
        return self._concluded(sha, Observation(plan, found, at, contents), health, note)

    def _polled_head(self, source: Source) -> Revision | None:
        """The head of the ref in the mirror where the poll keeps that up to date; None where it has to be fetched."""
        polled = self._recorder.operation.trigger is Trigger.SCHEDULE and self._environment.status.noticed
        return wanted.head_of(source, self._environment) if polled else None

    def _fetch(self, source: Source) -> str:
        """Bring the mirror up to date; a Git server that is silent, or that is no longer the one we know, does not stop
        a look. Returns why it could not be asked."""
        try:
            source.fetch(self._environment.source.ref)
        except (Temporary, SourceRefused) as problem:
            return problem.detail
        self._asked = True
        return ""

    def _declared(self, source: Source, head: Revision | None) -> str:
        environment = self._environment
        if head is not None and head.sha == environment.status.revision:
            return head.sha  # whatever is thought of it, it is live
        with self._ports.store.read() as tx:
            bad = head is not None and tx.history.is_bad(environment.id, head.sha)
        sha = wanted.declared(environment, head.sha if head else None, bad)
        return sha or source.resolve(environment.source.ref).sha

    def _health(self, target: Target) -> Health:
        if self._environment.status.revision is None:
            return Health.UNKNOWN
        return check_health(self._ports, self._environment, target, self._recorder).health

    def _concluded(self, sha: str, looked: Observation, health: Health, note: str) -> Conclusion:
        plan = looked.plan
        self._recorder.remember(paths=paths_of(plan.items), unmanaged=looked.report.unmanaged_count)

        def status(environment: Environment) -> Status:
            known = CLEAR if self._asked else status_transitions.source_condition(environment.status)
            condition = Condition(ConditionKind.SOURCE, note) if note else known
            return replace(status_transitions.judged(environment, plan, looked.at, health), condition=condition)

        return Conclusion(
            Phase.SUCCEEDED,
            Outcome.OUT_OF_SYNC if plan.divergence else Outcome.COMPARED,
            in_words(plan) + (f" (Git could not be asked: {note})" if note else ""),
            revision=sha,
            status=status,
            news=self._news,
            noticed_at=looked.at,
            episode=found_in(plan, looked.at),
            drift=looked.report,
            contents=looked.contents,
            refresh=NextRefresh.AFTER_INTERVAL,
            seen_at=looked.at,
            negligible=True,
        )


@dataclass(frozen=True, slots=True)
class Observation:
    """A full comparison: its plan, the drift report that pages show, when the target was looked at, and what stood at
    what drifted."""

    plan: Plan
    report: DriftReport
    at: datetime
    contents: tuple[KeptContent, ...] = ()


def report(
    applied: DesiredState, target: Target, live: LiveState, plan: Plan
) -> tuple[DriftReport, tuple[KeptContent, ...]]:
    """The drift report of a comparison: items with masked diffs, what is ignored, what was never delivered; and the
    contents that stand at drifted items, within the bounds of an episode."""
    kept: list[KeptContent] = []
    with applied.contents() as contents:
        items = [_with_diff(contents, target, item, kept) for item in plan.drift[:DIFFS]]
    items += [_item(item) for item in plan.drift[DIFFS:ITEMS]]
    return _report(items, live, plan), tuple(kept)


def _report(items: Sequence[DriftItem], live: LiveState, plan: Plan) -> DriftReport:
    return DriftReport(
        items=tuple(items),
        count=len(plan.drift),
        ignored=tuple(printable(path) for path in plan.ignored[:200]),
        unmanaged=tuple(printable(path) for path in live.unmanaged),
        unmanaged_count=live.unmanaged_count,
    )


def keep_drift(
    recorder: OperationRecorder,
    environment: Environment,
    target: Target,
    live: LiveState,
    plan: Plan,
    state: DesiredState,
) -> DriftReport:
    """Write down what a delivery finds changed on the target before it overwrites it: nobody else may have seen it."""
    if not plan.drift:
        return DriftReport()
    applied = applied_state(recorder.ports.desired, environment, live.inventory, state)
    found, contents = report(applied, target, live, plan)
    found = replace(found, revision=environment.status.revision)
    seen = found_in(plan, recorder.ports.clock.now())
    accepted = acceptance(environment.policy.ignore, seen.at)
    over = [printable(item.key) for item in plan.drift if item.works and accepted(item.key)]
    if over:
        recorder.log(f"Git changed what an ignore rule accepts; what stood there is overwritten: {listed(over[:10])}")
    recorder.write(lambda tx, operation: found_before_apply(tx, operation, seen, found, contents))
    return found


def vanished(live: LiveState, target: Target) -> bool:
    """Whether nothing of what we applied is there any more."""
    missing = {one.key for one in live.deviations if one.known and not one.found}
    return bool(missing) and all(path in missing for path, _ in target.inventory_items())


def _item(item: PlanItem, diff: str | None = None, secrets: int | None = 0) -> DriftItem:
    return DriftItem(printable(item.key), item.drift or Drift.CHANGED, item.action, diff, secrets)


def _with_diff(contents: ContentReader, target: Target, item: PlanItem, kept: list[KeptContent]) -> DriftItem:
    before = known_content(contents, item) if item.known else None
    after = target.read(item.key, READ_LIMIT) if item.found else None
    traits = item.known.traits if item.known else None, item.found.traits if item.found else None
    path = printable(item.key)
    shows = secret_lines(before, after, path)
    if (one := _content(item, after, shows)) and sum(each.size for each in kept) + one.size <= CONTENTS:
        kept.append(one)
    return _item(item, unified(before, after, path, limit=DIFF_LIMIT, traits=traits), shows)


def _content(item: PlanItem, after: bytes | None, shows: int | None) -> KeptContent | None:
    """What stands at an item, to be kept; None where it is not readable as a whole."""
    if item.found is None:
        return KeptContent(item.key, None)
    whole = after is not None and len(after) < min(CONTENT, READ_LIMIT)
    return KeptContent(item.key, (item.found, after), shows) if after is not None and whole else None


def known_content(contents: ContentReader, item: PlanItem) -> bytes | None:
    """What we had applied at a path, at most READ_LIMIT bytes; None where the mirror no longer has it."""
    return beginning(contents, item.key, item.known) if item.known else None


class _Enough(Exception):
    """Raised when enough of a content was read."""


def beginning(contents: ContentReader, key: Key, item: Item) -> bytes | None:
    """The first READ_LIMIT bytes of an item, however large it is; None where they cannot be had."""
    found = bytearray()

    def keep(chunk: bytes) -> None:
        found.extend(chunk[: READ_LIMIT - len(found)])
        if len(found) >= READ_LIMIT:
            raise _Enough

    try:
        contents.write_to(key, item, keep)
    except _Enough:
        pass
    except (Temporary, SourceRefused, RevisionNotFound):
        return None
    return bytes(found)


def in_words(plan: Plan) -> str:
    """A plan in one sentence."""
    drift, behind = len(plan.drift), len(plan.work) - len([item for item in plan.drift if item.works])
    parts = []
    if drift:
        parts.append(f"{plural(drift, 'path')} drifted")
    if behind:
        parts.append(f"{plural(behind, 'path differs', 'paths differ')} from Git")
    return " and ".join(parts) or f"live equals desired ({SyncStatus.SYNCED.value})"
