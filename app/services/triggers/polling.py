"""Polling: one look at a repository's refs serves every environment that uses it.

A tick without news costs one `ls-remote` and one row; news is fetched once, and every environment of the repository
gets its own decision.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from app.domain.environment import Environment
from app.domain.errors import Problem, SourceUnreachable
from app.domain.events import NewEvent
from app.domain.events.source_events import SourceFailed, SourceRecovered
from app.domain.masking import mask
from app.domain.status import Condition, ConditionKind
from app.ports import Ports, RefMove, RepositoryState, Transaction
from app.services.operations.queue import Queue
from app.services.outcomes.unforeseen import told
from app.services.triggers.pauses import Pauses, Place
from app.services.triggers.poll_decisions import PollDecisions, Sighting, concerned
from app.wording.times import clock

TROUBLED, PAUSED = "troubled", "paused"
log = logging.getLogger("poller")


class Poller:
    """Polls repositories and decides about their environments."""

    def __init__(self, ports: Ports, queue: Queue) -> None:
        self._ports = ports
        self._decisions = PollDecisions(ports, queue)
        self._pauses = Pauses()
        self._still: set[Place] = set()

    def still(self, repo_url: str, credential: str | None, on: bool) -> None:
        """Let a repository be, as if nobody here polled it, until told otherwise; for experiments."""
        self._still.add((repo_url, credential)) if on else self._still.discard((repo_url, credential))

    def poll_due(self, repo_url: str, credential: str | None = None) -> str:
        """Poll a repository unless a pause is kept because it, or its server, did not answer; then returns "paused"."""
        if (repo_url, credential) in self._still:
            return PAUSED
        now_s = self._ports.clock.monotonic()
        pause = self._pauses.open(now_s, self._server(repo_url, credential), (repo_url, credential))
        if pause is None:
            return self.poll(repo_url, credential)
        if repo_url not in pause.told:
            pause.told.add(repo_url)
            with self._ports.store.read() as tx:
                before = tx.repositories.get(repo_url, credential) or RepositoryState(repo_url, credential)
            self._told(before, pause.why, self._again(pause.until_s - now_s), "unreachable")
        return PAUSED

    def _server(self, repo_url: str, credential: str | None) -> Place:
        return self._ports.sources.server(repo_url), credential

    def _again(self, seconds: float) -> str:
        at = self._ports.clock.now() + timedelta(seconds=seconds)
        return f"It is asked again at {clock(at)} UTC."

    def poll(self, repo_url: str, credential: str | None = None) -> str:
        """Poll a repository once; returns "unchanged", "moved", "unreachable" or "refused", or "troubled" where
        something failed that nobody foresaw: it is logged, and told on what it concerns."""
        with self._ports.store.read() as tx:
            before = tx.repositories.get(repo_url, credential) or RepositoryState(repo_url, credential)
        asked_at = self._ports.clock.now()  # what came after it was not shown, whenever the fetch is over
        try:
            source = self._ports.sources.open(repo_url, credential)
            heads = source.remote_heads(default=self._follows_head(before))
            changed = dict(heads) != dict(before.heads)
            moves = source.fetch(*self._refs(repo_url)) if changed else ()
        except Problem as problem:
            return self._failed(before, problem)
        except Exception as error:
            log.exception("a repository could not be polled", extra={"repository": mask(repo_url)})
            self._failed(before, SourceUnreachable(told(error)))
            return TROUBLED
        self._pauses.answered(self._server(repo_url, credential), (repo_url, credential))
        at = self._ports.clock.now()
        result = "moved" if changed else "unchanged"
        with self._ports.store.write() as tx:
            tx.repositories.put(RepositoryState(repo_url, credential, heads, asked_at))
            tx.repositories.polled(before, at, result, _moves_in_words(moves))
            if before.failing_since:
                tx.ledger.append(at, [NewEvent(SourceRecovered(repo_url, credential))])
            environments = seen_through(tx, before)
        sighting = Sighting(source, {move.ref: move for move in moves}, at, before.looked_at, heads)
        well = self._decide(environments, sighting)
        if before.failing_since:
            self._ring(environments)
        return result if well else TROUBLED

    def _follows_head(self, watched: RepositoryState) -> bool:
        with self._ports.store.read() as tx:
            return any(one.source.ref == "HEAD" for one in seen_through(tx, watched))

    def _refs(self, repo_url: str) -> set[str]:
        """What the repository's environments follow: nothing else of it is fetched."""
        with self._ports.store.read() as tx:
            return {one.source.ref for one in tx.environments.of_repository(repo_url)}

    def _failed(self, before: RepositoryState, problem: Problem) -> str:
        """Tell that a repository cannot be read, and pause where its server is on another machine: asking costs both
        of them something."""
        url, credential = before.repo_url, before.credential
        server, then = self._server(url, credential), ""
        if server[0]:
            wide, asked_s = False, 0.0
            if isinstance(problem, SourceUnreachable):
                wide, asked_s = problem.server_wide, problem.pause_s
            place, base_s = server if wide else (url, credential), self._interval_s(before)
            pause_s = self._pauses.failed(place, problem.detail, self._ports.clock.monotonic(), base_s, asked_s)
            then = self._again(pause_s) if pause_s > base_s else ""
        return self._told(before, problem.detail, then, "unreachable" if problem.retry == "later" else "refused")

    def _interval_s(self, watched: RepositoryState) -> float:
        with self._ports.store.read() as tx:
            ours = [one for one in seen_through(tx, watched) if one.runs_on is self._ports.here]
        return float(min((one.policy.interval_s for one in ours), default=60))

    def _told(self, before: RepositoryState, why: str, then: str, result: str) -> str:
        """Record a failure on the repository and its environments. `then`: when it is asked again."""
        at, said = self._ports.clock.now(), Condition(ConditionKind.SOURCE, f"{why} {then}".strip())
        with self._ports.store.write() as tx:
            since = before.failing_since or at
            tx.repositories.put(replace(before, failing_since=since, error=why))
            tx.repositories.polled(before, at, result, why)
            if before.failing_since is None:
                failed = SourceFailed(before.repo_url, result, before.credential, why=why)
                tx.ledger.append(at, [NewEvent(failed)])
            environments = seen_through(tx, before)
            for environment in environments:
                if environment.status.condition.about(ConditionKind.TARGET):
                    continue  # what is told already is the worse
                status = replace(environment.status, condition=said)
                if environment.runs_on is self._ports.here and status != environment.status:
                    tx.environments.put_status(environment.id, status)
        if before.failing_since is None:
            self._ring(environments)
        return result

    def _ring(self, environments: Sequence[Environment]) -> None:
        """Notify the pages of a repository's environments that it became unreachable or answers again."""
        self._ports.notifier.notify(("ledger", *(f"environment-{one.name}" for one in environments)))

    def _decide(self, environments: Sequence[Environment], sighting: Sighting) -> bool:
        """Give every environment its decision; one that cannot be judged does not stop the others. Returns whether
        everything that went wrong was foreseen."""
        ours = [one for one in environments if one.runs_on is self._ports.here]
        foreseen = [self._decisions.consider(one.name, sighting) for one in ours if concerned(one, sighting)]
        return all(foreseen)

    def consider(self, name: str, sighting: Sighting | None = None) -> None:
        """Decide about one environment from what the mirror knows, or from a look at its own ref."""
        self._decisions.consider(name, sighting)


def seen_through(tx: Transaction, watched: RepositoryState) -> Sequence[Environment]:
    """The environments of a repository that reach it with this credential: what one sees is not another's."""
    found = tx.environments.of_repository(watched.repo_url)
    return [one for one in found if one.source.credential == watched.credential]


def _moves_in_words(moves: Sequence[RefMove]) -> str:
    return ", ".join(f"{move.ref}{' (forced)' if move.forced else ''}" for move in moves[:5])
