"""Refresh: compare and say so; the target is only read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from app.domain.diffs.unified import unified
from app.domain.environment import Environment
from app.domain.errors import SourceRefused, Temporary
from app.domain.operation import Operation, Outcome, Phase, StageName, Trigger
from app.domain.revision import Revision
from app.domain.state.git_files import blob_of
from app.domain.state.items import printable
from app.domain.state.plan import LiveState, Plan, PlanItem
from app.domain.status import Health, SyncStatus
from app.ports import Contents, Ports, Source, Target, Transaction
from app.services.operations import status_transitions
from app.services.operations import wanted_revision as wanted
from app.services.operations.health_and_hooks import check_health
from app.services.operations.inventory_seeding import seed_inventory
from app.services.operations.planning import observe_and_plan
from app.services.operations.queue import is_quiet
from app.services.operations.recorder import OperationRecorder
from app.services.operations.revision_news import RevisionNews, news, noticed
from app.services.operations.shadow_run import Shadow
from app.services.operations.status_transitions import Observation

DIFFS = 100  # drifted files whose diff is kept
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

    def run(self) -> Operation:
        """Compare and write down the verdict."""
        environment = self._environment
        source = self._ports.sources.open(environment.source.repo_url, environment.source.credential)
        target = self._ports.targets.open(environment)
        with self._recorder.stage(StageName.FETCHED):
            note = self._fetch(source)
            head = wanted.head_of(source, environment)
            self._asked &= head is not None
            self._news = news(source, environment, head) if head else None
            sha = self._declared(source, head)
        if environment.policy.observe:
            now = self._ports.clock.now()
            return Shadow(self._ports, environment, self._recorder, self._news, now).refresh(source, sha, note)
        seed_inventory(environment, source, target)
        with self._recorder.stage(StageName.PLANNED):
            state = wanted.desired_state(source, environment, sha)
            live, plan = observe_and_plan(environment, source, target, state, self._ports.clock.now(), whole=True)
            looked = Observation(plan, self._ports.clock.now(), report(source, target, live, plan))
        health = Health.MISSING if vanished(live, target) else self._health()
        return self._finish(sha, looked, health, note)

    def _fetch(self, source: Source) -> str:
        """Bring the mirror up to date unless the poll does so anyway; a Git server that is silent, or
        that is no longer the one we know, does not stop a look. Returns why it could not be asked."""
        if self._recorder.operation.trigger is Trigger.SCHEDULE and self._environment.status.noticed:
            return ""
        try:
            source.fetch()
        except (Temporary, SourceRefused) as problem:
            return problem.detail
        self._asked = True
        return ""

    def _declared(self, source: Source, head: Revision | None) -> str:
        environment = self._environment
        with self._ports.store.read() as tx:
            bad = head is not None and tx.history.is_bad(environment.id, head.sha)
        sha = wanted.declared(environment, head.sha if head else None, bad)
        return sha or source.resolve(environment.source.ref).sha

    def _health(self) -> Health:
        if self._environment.status.revision is None:
            return Health.UNKNOWN
        return check_health(self._ports, self._environment).health

    def _finish(self, sha: str, looked: Observation, health: Health, note: str) -> Operation:
        divergence = looked.plan.divergence
        outcome = Outcome.OUT_OF_SYNC if divergence else Outcome.COMPARED
        self._recorder.remember(paths=_shown(looked.plan), unmanaged=looked.report["unmanaged_count"])

        def settle(tx: Transaction, ended: Operation) -> bool:
            return self._settle(tx, ended, looked, health, note)

        reason = in_words(looked.plan) + (f" (Git could not be asked: {note})" if note else "")
        return self._recorder.finish(settle, phase=Phase.SUCCEEDED, outcome=outcome, reason=reason, revision=sha)

    def _settle(self, tx: Transaction, ended: Operation, looked: Observation, health: Health, note: str) -> bool:
        before, events = noticed(tx, tx.environments.by_id(self._environment.id), self._news, looked.at)
        episode, drifting = status_transitions.follow_drift(tx, before, looked, ended)
        events += drifting
        trouble = "" if self._asked else status_transitions.git_trouble(before.status)
        message = f"{status_transitions.GIT}{note}" if note else trouble
        status = replace(status_transitions.judged(before, looked, health), drift_episode=episode, message=message)
        events += status_transitions.status_events(before, status, ended)
        if not is_quiet(ended):
            status = status_transitions.ended(status, ended)
        tx.drift.put(before.id, looked.at, {**looked.report, "episode": episode, "revision": status.revision})
        tx.environments.put_status(before.id, status)
        tx.environments.schedule_refresh(before.id, looked.at + before.refresh_interval())
        tx.ledger.append(looked.at, events)
        return bool(events)


def report(source: Source, target: Target, live: LiveState, plan: Plan) -> dict[str, Any]:
    """The drift report as stored: items with masked diffs, what is ignored, what was never ours."""
    with source.contents() as contents:
        items = [_item(contents, target, item) for item in plan.drift[:DIFFS]]
    items += [_bare(item) for item in plan.drift[DIFFS:5000]]
    return {
        "items": items,
        "count": len(plan.drift),
        "ignored": [printable(path) for path in plan.ignored[:200]],
        "unmanaged": [printable(path) for path in live.unmanaged],
        "unmanaged_count": live.unmanaged_count,
    }


def vanished(live: LiveState, target: Target) -> bool:
    """Whether nothing of what we applied is there any more."""
    missing = {one.key for one in live.deviations if one.known and not one.found}
    return bool(missing) and all(path in missing for path, _ in target.inventory_entries())


def _bare(item: PlanItem) -> dict[str, Any]:
    change = item.drift.value if item.drift else ""
    return {"path": printable(item.key), "change": change, "diff": None, "action": item.action.value}


def _item(contents: Contents, target: Target, item: PlanItem) -> dict[str, Any]:
    before = known_content(contents, item) if item.known else None
    after = target.read(item.key, READ_LIMIT) if item.found else None
    traits = item.known.traits if item.known else None, item.found.traits if item.found else None
    return {**_bare(item), "diff": unified(before, after, printable(item.key), limit=DIFF_LIMIT, traits=traits)}


def known_content(contents: Contents, item: PlanItem) -> bytes | None:
    """What we had applied at a path, at most READ_LIMIT bytes; None where the mirror no longer has it."""
    return beginning(contents, blob_of(item.known)) if item.known else None


class _Enough(Exception):
    """The rest of a blob is not needed."""


def beginning(contents: Contents, blob: str) -> bytes | None:
    """The first READ_LIMIT bytes of a blob, however large it is; None where it cannot be had."""
    found = bytearray()

    def keep(chunk: bytes) -> None:
        found.extend(chunk[: READ_LIMIT - len(found)])
        if len(found) >= READ_LIMIT:
            raise _Enough

    try:
        contents.write_to(blob, keep)
    except _Enough:
        pass
    except (Temporary, SourceRefused):
        return None
    return bytes(found)


def _shown(plan: Plan) -> list[dict[str, str]]:
    return [{"path": printable(item.key), "action": item.action.value} for item in _first(plan.items)]


def _first(items: Iterable[PlanItem], limit: int = 500) -> list[PlanItem]:
    return list(items)[:limit]


def in_words(plan: Plan) -> str:
    """A plan in one sentence."""
    drift, behind = len(plan.drift), len(plan.work) - len([item for item in plan.drift if item.works])
    parts = []
    if drift:
        parts.append(f"{drift} {'path' if drift == 1 else 'paths'} drifted")
    if behind:
        parts.append(f"{behind} {'path differs' if behind == 1 else 'paths differ'} from Git")
    return " and ".join(parts) or f"live equals desired ({SyncStatus.SYNCED.value})"
