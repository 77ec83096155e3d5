"""What a look at a repository means for one environment: deploy, hold, skip, or nothing, always with the reason."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from app.domain.actor import SCHEDULE
from app.domain.environment import Environment, Mode, Status
from app.domain.errors import EnvironmentNotFound, Problem, RevisionNotFound, SourceUnreachable
from app.domain.events import NewEvent, about
from app.domain.events.source_events import RefMoved, WebhookMissed
from app.domain.noticing import CommitEnd, Noticer
from app.domain.operation import OperationKind, Outcome, Phase, Request, Trigger
from app.domain.revision import Revision, full_names, is_sha
from app.domain.status import CLEAR, Condition, ConditionKind, Divergence, SyncStatus
from app.domain.webhook.hook_names import hooks_of
from app.ports import Ports, RefMove, Source, Transaction
from app.services.operations.queue import Queue
from app.services.operations.wanted_revision import catch_up, newer_than_left
from app.services.outcomes import commit_ends
from app.services.outcomes.decisions import decision
from app.services.outcomes.retries import may_retry
from app.services.outcomes.revision_news import RevisionNews, news, noticed
from app.services.outcomes.status_transitions import status_events, unjudged
from app.services.outcomes.unforeseen import told

WEBHOOK_GRACE = timedelta(seconds=10)
LOOKS = 3
log = logging.getLogger("poller")


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a look knows when it turns to the environments. `heads`: what the remote's refs point at; `by`: who
    looked."""

    source: Source
    moves: Mapping[str, RefMove]
    at: datetime
    looked_before: datetime | None
    heads: Mapping[str, str] = field(default_factory=dict)
    by: Noticer = Noticer.POLL


def concerned(environment: Environment, sighting: Sighting) -> bool:
    """Whether there is something to decide about an environment."""
    status = environment.status
    if status.noticed is None or status.condition.about(ConditionKind.SOURCE) or _moved(environment, sighting):
        return True
    waits = status.noticed != status.revision and environment.policy.auto_sync
    judged = status.webhook_judged == status.noticed
    return waits or not judged


def _moved(environment: Environment, sighting: Sighting) -> bool:
    """A fetch for another environment may have brought the news already: then only the heads tell."""
    names = full_names(environment.source.ref)
    seen = next((sighting.heads[name] for name in names if name in sighting.heads), None)
    return seen not in (None, environment.status.noticed) or any(name in sighting.moves for name in names)


class PollDecisions:
    """Decides about environments, each for itself."""

    def __init__(self, ports: Ports, queue: Queue) -> None:
        self._ports = ports
        self._queue = queue

    def consider(self, name: str, sighting: Sighting | None = None) -> bool:
        """Decide about one environment from what the mirror knows: deploy, hold, skip, or nothing, with the reason.

        Where another look is written meanwhile, this one is out of date and is repeated; if that happens again and
        again, the others have decided. Where nothing can be decided, why is told on the environment, whatever was
        raised; False if nobody foresaw it."""
        try:
            any(self._considered(name, sighting) for _ in range(LOOKS))
        except EnvironmentNotFound:
            return True  # it was deleted meanwhile
        except Problem as problem:
            return self._tell(name, problem.detail)
        except Exception as error:
            log.exception("an environment could not be judged", extra={"environment": name})
            self._tell(name, told(error))
            return False
        return True

    def _considered(self, name: str, sighting: Sighting | None) -> bool:
        with self._ports.store.read() as tx:
            environment = tx.environments.get(name)
        if sighting is None:
            source = self._ports.sources.open(environment.source.repo_url, environment.source.credential)
            sighting = Sighting(source, {}, self._ports.clock.now(), None)
        try:
            catch_up(sighting.source, environment)
            head = sighting.source.resolve(environment.source.ref)
        except RevisionNotFound as problem:
            self._gone(environment, sighting, problem.detail)
            return True
        except SourceUnreachable:
            return True  # this mirror is behind and cannot catch up; whoever noticed it has decided
        found = news(self._ports.desired, sighting.source, environment, head)
        newer = environment.hold is not None and newer_than_left(environment.hold, head.sha, sighting.source)
        with self._ports.store.write() as tx:
            current = tx.environments.by_id(environment.id)
            stale = (current.status.noticed, current.source) != (environment.status.noticed, environment.source)
            rings = not stale and self._write(tx, current, head, found, sighting, newer)
        if rings:
            self._ports.notifier.notify(("work", "ledger", f"environment-{name}"))
        return not stale

    def _tell(self, name: str, why: str) -> bool:
        """Tell on an environment, once, that it could not be judged and why; whether that could be told."""
        try:
            with self._ports.store.write() as tx:
                environment, at = tx.environments.get(name), self._ports.clock.now()
                status = unjudged(environment.status, why)
                if status == environment.status:
                    return True
                tx.environments.put_status(environment.id, status)
                reason = f"{why} Nothing was changed on the target."
                refused = decision(environment, Outcome.REFUSED, "schedule", reason)
                tx.ledger.append(at, [*status_events(environment, status, why), refused])
        except EnvironmentNotFound:
            return True
        except Exception:
            log.exception("it could not be told why an environment was not judged", extra={"environment": name})
            return False
        self._ports.notifier.notify(("ledger", f"environment-{name}"))
        return True

    def _write(
        self,
        tx: Transaction,
        environment: Environment,
        head: Revision,
        found: RevisionNews | None,
        sighting: Sighting,
        newer: bool,
    ) -> bool:
        look = commit_ends.GitLook(sighting.at, sighting.by, sighting.looked_before)
        informed, events = noticed(tx, environment, found, look)
        status = self._status(environment, informed.status, head, sighting)
        status, missed = self._judge_webhook(tx, environment, status, sighting)
        events += missed
        if status != environment.status:
            tx.environments.put_status(environment.id, status)
        if environment.status.condition.about(ConditionKind.SOURCE) and status.sync is SyncStatus.UNKNOWN:
            tx.environments.schedule_refresh(environment.id, sighting.at)  # it can be judged again
        current = replace(environment, status=status)
        tx.ledger.append(sighting.at, events)  # before what follows from them
        asked = self._ask(tx, current, head, sighting, newer)
        if isinstance(asked, list):
            tx.ledger.append(sighting.at, asked)
        return bool(asked or events)

    def _status(self, environment: Environment, status: Status, head: Revision, sighting: Sighting) -> Status:
        """The status as this look leaves it: `status` knows the head already, `environment` is as it was."""
        if status.condition.about(ConditionKind.SOURCE):
            status = replace(status, condition=CLEAR)
        if environment.status.noticed == head.sha or status.revision in (None, head.sha) or environment.pinned:
            return status
        if status.divergence is Divergence.DRIFT:
            return status
        desired = self._ports.desired
        before = desired.id_at(environment, status.revision) if status.revision else ""
        if before == desired.id_at(environment, head.sha):
            return status
        return replace(status, sync=SyncStatus.OUT_OF_SYNC, divergence=Divergence.NEW_REVISION)

    def _judge_webhook(
        self, tx: Transaction, environment: Environment, status: Status, sighting: Sighting
    ) -> tuple[Status, list[NewEvent]]:
        """After a grace, say whether the webhook of the noticed commit came; the first commit seen is not judged."""
        if status.webhook_judged == status.noticed or status.noticed is None or status.noticed_at is None:
            return status, []
        hooks = hooks_of(environment)
        if environment.status.noticed is None or not tx.inbox.in_use(hooks):
            return replace(status, webhook_judged=status.noticed), []
        if tx.inbox.announced(hooks, status.noticed):
            return replace(status, webhook_judged=status.noticed), []
        if sighting.at - status.noticed_at < WEBHOOK_GRACE:
            return status, []
        missed = WebhookMissed(status.noticed, environment.mode.value, observe=environment.policy.observe)
        return replace(status, webhook_judged=status.noticed), [about(environment, missed)]

    def _ask(
        self,
        tx: Transaction,
        environment: Environment,
        head: Revision,
        sighting: Sighting,
        newer: bool,
    ) -> bool | list[NewEvent]:
        """Queue a sync (True), or return the decision against it, recorded once per commit."""
        status = environment.status
        if status.revision == head.sha or not environment.policy.auto_sync:
            return []
        hold = environment.hold
        if hold and not newer:
            return self._held(tx, environment, head, f"on hold by {hold.owner}: {hold.reason}", sighting.at)
        if tx.history.is_bad(environment.id, head.sha):
            reason = f"{head.short} is marked bad and is not deployed by itself"
            return self._held(tx, environment, head, reason, sighting.at)
        if environment.mode is Mode.PUSH and status.webhook_judged != head.sha:
            return []  # its webhook or pipeline may still be on the way
        if not self._may_try(tx, environment, head, sighting.at):
            return []
        known = tx.noticings.get(environment.id, head.sha)
        request = Request(
            OperationKind.SYNC,
            Trigger.SCHEDULE,
            str(SCHEDULE),
            wanted=head.sha,
            noticed_at=status.noticed_at,
            visible_after=known.visible_after if known else None,
            webhook_missed=self._missed(tx, environment, head),
        )
        self._queue.add(tx, environment, request, SCHEDULE)
        return True

    @staticmethod
    def _held(tx: Transaction, environment: Environment, head: Revision, why: str, at: datetime) -> list[NewEvent]:
        """The decision to hold a commit, where that is not told yet and nothing else became of it."""
        known = tx.noticings.get(environment.id, head.sha)
        if known and known.ending in (CommitEnd.FAILED, CommitEnd.REFUSED):
            return []
        if not commit_ends.end(tx, environment.id, head.sha, CommitEnd.HELD, at):
            return []
        return [decision(environment, Outcome.HELD, "schedule", why, revision=head.sha)]

    @staticmethod
    def _missed(tx: Transaction, environment: Environment, head: Revision) -> bool:
        hooks = hooks_of(environment)
        return tx.inbox.in_use(hooks) and not tx.inbox.announced(hooks, head.sha)

    def _may_try(self, tx: Transaction, environment: Environment, head: Revision, at: datetime) -> bool:
        """Whether to deliver the head: not while that is under way, and after failures with growing pauses."""
        if any(one.request.wanted == head.sha for one in tx.operations.queued(environment.id)):
            return False
        active = tx.operations.active(environment.id)
        if active and active.phase is Phase.RUNNING and active.request.wanted == head.sha:
            return False
        last = tx.operations.last_finished(environment.id, OperationKind.SYNC.value)
        if last and environment.policy.observe and (last.outcome, last.revision) == (Outcome.OBSERVED, head.sha):
            return False  # told already
        failed = last and last.phase in (Phase.FAILED, Phase.ERROR, Phase.TERMINATED)
        if not failed or last is None or head.sha not in (last.revision, last.request.wanted):
            return True
        # without an end on the status, a person has edited the source or the target since
        return environment.status.last_finished_at is None or may_retry(environment, last, at)

    def _gone(self, environment: Environment, sighting: Sighting, detail: str) -> None:
        """Record once that the ref does not exist (any more); nothing is pruned."""
        gone = Condition(ConditionKind.SOURCE, detail)
        if environment.status.condition == gone or is_sha(environment.source.ref):
            return
        moved = RefMoved(environment.source.ref, environment.status.noticed, None, why=detail)
        with self._ports.store.write() as tx:
            current = tx.environments.by_id(environment.id)
            tx.environments.put_status(current.id, replace(current.status, condition=gone))
            refused = decision(current, Outcome.REFUSED, "schedule", f"{detail} Nothing was changed on the target.")
            tx.ledger.append(sighting.at, [about(current, moved), refused])
        self._ports.notifier.notify(("ledger", f"environment-{environment.name}"))
