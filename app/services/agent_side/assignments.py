"""An agent applies an assignment: specifications always, history and status only the first time."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from app.domain.actor import AGENT
from app.domain.agents.wire import decode
from app.domain.environment import Environment, Hold, RunsOn, Status
from app.domain.errors import InvalidInput, NotFound, OperationInProgress, Problem
from app.domain.operation import Phase
from app.domain.specification.environment_fields import as_dict, read
from app.domain.specification.reader import UnknownField, wrong
from app.domain.state.drift import Ending, Episode
from app.ports import AgentStore, AgentTransaction, BadRevision, EnvironmentFilter, HistoryItem, Ports, Transaction
from app.services.environments.edits import edited, turns_aside
from app.services.outcomes.conclusion import Conclusion, conclude, request_stop
from app.services.outcomes.drift_episodes import abandon

SEEDED = ("revision", "subject", "author", "live_since", "last_good", "files", "health")
MANY = 10_000
Repository = tuple[str, str | None]
log = logging.getLogger("agent")


class Assignments:
    """Keeps the agent's local environments equal to its assignment from the control plane."""

    def __init__(self, ports: Ports, store: AgentStore) -> None:
        self._ports, self._store = ports, store

    def mine(self) -> tuple[Environment, ...]:
        """The environments that this agent works for."""
        with self._store.read() as tx:
            rows = tx.environments.page(EnvironmentFilter(), self._ports.clock.now(), MANY, None).items
        return tuple(row.environment for row in rows if row.environment.runs_on is RunsOn.AGENT)

    def try_again(self) -> set[Repository]:
        """Forget the pauses after what failed, for whoever starts an agent anew has often mended its settings; returns
        the repositories to poll at once."""
        now, troubled = (
            self._ports.clock.now(),
            [one for one in self.mine() if one.status.condition or one.status.failures],
        )
        with self._store.unreported() as tx:
            for one in troubled:
                tx.environments.put_status(one.id, replace(one.status, last_finished_at=None, failures=0))
                tx.environments.schedule_refresh(one.id, now)
        return {(one.source.repo_url, one.source.credential) for one in troubled}

    def take(self, given: Sequence[Mapping[str, Any]]) -> set[Repository]:
        """Make the local environments equal to a whole assignment; returns the repositories to poll at once.

        Raises OperationInProgress where a target cannot be changed now; the same assignment may be taken again.
        """
        listed = {int(one["id"]): one for one in given}
        for one in self.mine():
            if one.id not in listed:
                self._leave(one)
        wanted = [self._one(id, one) for id, one in listed.items()]
        return {(one.source.repo_url, one.source.credential) for one in wanted if one}

    def _one(self, id: int, given: Mapping[str, Any]) -> Environment | None:
        """Add or change one environment; None where nothing is new."""
        try:
            environment = replace(specified(given["specification"]), id=id, runs_on=RunsOn.AGENT)
        except InvalidInput as problem:
            log.error("a specification cannot be read", extra={"environment": id, "problem": problem.detail})
            return None
        before = self._known(id)
        if before is None or before.runs_on is not RunsOn.AGENT:
            self._meet(environment, given)
        elif as_dict(before) != as_dict(environment):
            self._change(before, environment)
        else:
            return None
        log.info("works for an environment", extra={"environment": environment.name, "id": id})
        return environment

    def _known(self, id: int) -> Environment | None:
        with self._store.read() as tx:
            try:
                return tx.environments.by_id(id)
            except NotFound:
                return None

    def _meet(self, environment: Environment, given: Mapping[str, Any]) -> None:
        """Take status, hold and history from the control plane, for a new environment as for a returning one."""
        now, seed = self._ports.clock.now(), given.get("seed") or {}
        status = decode(Status, {name: seed[name] for name in SEEDED if seed.get(name) is not None})
        hold = decode(Hold, given["hold"]) if given.get("hold") else None
        with self._store.unreported() as tx:
            self._clear(tx, environment.id, now)
            tx.environments.place(replace(environment, status=status, hold=hold, created_at=now))
            items = [decode(HistoryItem, one, "history") for one in seed.get("history") or ()]
            bad = [decode(BadRevision, one, "bad") for one in seed.get("bad") or ()]
            tx.history.load(environment.id, sorted(items, key=_live_at), bad)
            if seed.get("episode"):
                self._drifts(tx, environment.id, decode(Episode, seed["episode"], "episode"))
            tx.environments.schedule_refresh(environment.id, now)

    def _clear(self, tx: AgentTransaction, id: int, now: datetime) -> None:
        """Remove what an earlier assignment left: queued operations, an open drift episode, the environment itself."""
        for one in tx.operations.queued(id):
            conclude(tx, one, Conclusion(Phase.TERMINATED, reason="left when its environment was"), now)
        episode = tx.episodes.current(id)
        if episode:
            tx.episodes.end(episode.id, now, Ending.SUPERSEDED, str(AGENT))
        tx.environments.remove(id)

    def _drifts(self, tx: Transaction, id: int, found: Episode) -> None:
        """Adopt the open drift episode that the control plane reports."""
        environment = tx.environments.by_id(id)
        made = tx.episodes.open_one(environment, found.last_good_at, found.detected_at, found.paths, found.count)
        if found.acknowledged_at:
            tx.episodes.acknowledge(made.id, found.acknowledged_by, found.acknowledged_at)
        tx.environments.put_status(id, replace(environment.status, drift_episode=made.id, drift_count=found.count))

    def _change(self, before: Environment, after: Environment) -> None:
        now, moved = self._ports.clock.now(), self._ports.targets.kinds().moved(before.target, after.target)
        with self._store.unreported() as tx:
            running = tx.operations.active(before.id)
            if after.target != before.target and running and running.phase is Phase.RUNNING:
                raise OperationInProgress("The target cannot be changed while an operation is running.")
            tx.environments.replace(replace(after, created_at=before.created_at, version=before.version + 1))
            tx.environments.put_status(after.id, edited(before, after, moved=moved))
            if moved or turns_aside(before, after):
                abandon(tx, after, str(AGENT), now)
            tx.environments.schedule_refresh(after.id, now)
        if moved:
            self._forget(before)

    def _forget(self, environment: Environment) -> None:
        """Delete the target's inventory; a target that was never accepted here has none."""
        try:
            self._ports.targets.open(environment).forget()
        except Problem as problem:
            log.info("nothing to forget", extra={"environment": environment.name, "reason": problem.detail})

    def _leave(self, environment: Environment) -> None:
        """Stop working for an environment; its delivered files, its inventory and its history stay."""
        now = self._ports.clock.now()
        with self._store.write() as tx:
            for one in tx.operations.queued(environment.id):
                reason = "its environment is no longer this agent's"
                conclude(tx, one, Conclusion(Phase.TERMINATED, reason=reason, by=AGENT), now)
            running = tx.operations.active(environment.id)
            if running:
                request_stop(tx, running, str(AGENT))
            tx.environments.replace(replace(environment, runs_on=RunsOn.SERVER))
        log.info("no longer works for an environment", extra={"environment": environment.name, "id": environment.id})


def specified(values: Any) -> Environment:
    """The environment of a specification, without fields that this version does not know. Raises InvalidInput."""
    environment, errors = read(values)
    serious = {place: text for place, text in errors.items() if not isinstance(text, UnknownField)}
    if serious:
        raise wrong(serious)
    return environment


def _live_at(item: HistoryItem) -> datetime:
    return item.live_at or datetime.min.replace(tzinfo=UTC)
