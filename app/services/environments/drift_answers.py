"""The three answers to drift: heal it, write it back to Git, or ignore it with an owner and an end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from app.domain.actor import Actor
from app.domain.agents.protocol import Agent, heals_paths
from app.domain.audit import NewAuditEntry
from app.domain.environment import Environment, IgnoreRule
from app.domain.errors import InvalidInput
from app.domain.events import about
from app.domain.events.environment_events import DriftAcknowledged, IgnoreRuleEdited
from app.domain.expiry import require_future
from app.domain.operation import Operation, OperationKind, Request, Trigger
from app.domain.state.drift import DriftReport
from app.ports import Ports, Transaction
from app.services.agents.commands import Commands
from app.services.environments.episode_branches import EpisodeBranches
from app.services.environments.write_back import WriteBacks, WriteBackWish, WrittenBack
from app.services.operations.queue import Queue
from app.services.operations.shadow_run import refuse
from app.services.relay import refuse_external
from app.wording.quantities import agree, listed

NAMED = 3  # paths that a reason names


class DriftAnswers:
    """Heals drift, acknowledges it, accepts it by rules, and writes it back to Git."""

    def __init__(self, ports: Ports, queue: Queue, commands: Commands) -> None:
        self._ports = ports
        self._queue = queue
        self._write_backs, self._branches = WriteBacks(ports, queue, commands), EpisodeBranches(ports)

    def heal(
        self, name: str, actor: Actor, reason: str = "", paths: Sequence[str] = (), *, override_hold: bool = False
    ) -> Operation:
        """Make live equal the revision that is live already, at all that drifted or only at some `paths` of it; then
        the episode goes on for the others. Raises EnvironmentHeld, InvalidInput."""
        with self._ports.store.read() as tx:
            environment = tx.environments.get(name)
            if paths:
                _require_understood(tx.agents.of_environment(environment.id))
                _require_drifted(tx.drift.get(environment.id), paths)
        refuse(environment, "heal drift")
        live = environment.status.revision
        if live is None:
            raise InvalidInput("Nothing was delivered to this environment yet; sync it first.")
        request = Request(
            OperationKind.SYNC, Trigger.MANUAL, str(actor), wanted=live, reason=reason or _heals(paths),
            override_hold=override_hold, paths=tuple(dict.fromkeys(paths)),
        )  # fmt: skip
        return self._queue.ask(name, request, actor)

    def acknowledge(self, name: str, actor: Actor) -> None:
        """Mark the open drift episode as seen by a person."""
        now = self._ports.clock.now()
        with self._ports.store.write() as tx:
            environment = tx.environments.get(name)
            episode = tx.episodes.current(environment.id)
            if episode is None or episode.acknowledged_at:
                return
            tx.episodes.acknowledge(episode.id, str(actor), now)
            known = DriftAcknowledged(episode.id, actor)
            tx.ledger.append(now, [about(environment, known)])
            tx.audit.append(now, NewAuditEntry(actor, "drift.acknowledge", f"environment:{name}", known.data))
        self._ports.notifier.notify(("ledger", f"environment-{name}"))

    def ignore(
        self, name: str, paths: Sequence[str], reason: str, expires_at: datetime | None, actor: Actor
    ) -> Operation:
        """Accept drift at paths or globs from now on, by a rule for each; a refresh follows. Raises InvalidInput."""
        wanted = tuple(dict.fromkeys(path.strip() for path in paths if path.strip()))
        if not wanted or any(path.startswith("/") or ".." in path.split("/") for path in wanted):
            raise InvalidInput(fields={"path": "must be a path or a glob inside the target, such as logs/*"})
        if not reason.strip():
            raise InvalidInput(fields={"reason": "is empty; say why this drift is accepted"})
        require_future(expires_at, self._ports.clock.now())
        with self._ports.store.write() as tx:
            for path in wanted:
                environment = tx.environments.get(name)
                refuse_external(environment)
                rule = IgnoreRule(path, str(actor), reason, expires_at)
                kept = tuple(one for one in environment.policy.ignore if one.path != path)
                self._rules(tx, environment, (*kept, rule), "drift.ignore", rule, actor)
        rules = agree(len(wanted), "ignore rule", "ignore rules")
        return self._refresh(name, actor, f"{rules} for {_named(wanted)}")

    def stop_ignoring(self, name: str, path: str, actor: Actor) -> Operation:
        """Remove an ignore rule; a refresh follows."""
        with self._ports.store.write() as tx:
            environment = tx.environments.get(name)
            refuse_external(environment)
            rule = next((one for one in environment.policy.ignore if one.path == path), None)
            if rule is None:
                raise InvalidInput(fields={"path": f"no ignore rule for '{path}'"})
            kept = tuple(one for one in environment.policy.ignore if one.path != path)
            self._rules(tx, environment, kept, "drift.stop_ignoring", rule, actor)
        return self._refresh(name, actor, f"ignore rule for {path} removed")

    def _rules(
        self,
        tx: Transaction,
        environment: Environment,
        rules: tuple[IgnoreRule, ...],
        action: str,
        rule: IgnoreRule,
        actor: Actor,
    ) -> None:
        now, name = self._ports.clock.now(), environment.name
        policy = replace(environment.policy, ignore=rules)
        edited = IgnoreRuleEdited(name, rule.path, rule.reason, action=action)
        tx.environments.replace(replace(environment, policy=policy, version=environment.version + 1))
        tx.audit.append(now, NewAuditEntry(actor, action, f"environment:{name}", edited.data))
        tx.ledger.append(now, [about(environment, edited)])

    def _refresh(self, name: str, actor: Actor, reason: str) -> Operation:
        return self._queue.ask(name, Request(OperationKind.REFRESH, Trigger.MANUAL, str(actor), reason=reason), actor)

    def write_back(self, name: str, wish: WriteBackWish, actor: Actor) -> WrittenBack:
        """Commit what drifted to Git; see WriteBacks."""
        return self._write_backs.write_back(name, wish, actor)

    def branch_episode(self, id: int, wish: WriteBackWish, actor: Actor) -> WrittenBack:
        """Make a branch of what an episode found, also after it has ended; see EpisodeBranches."""
        return self._branches.make(id, wish, actor)


def _require_drifted(report: DriftReport | None, paths: Sequence[str]) -> None:
    """Raise InvalidInput for a path that is known not to drift."""
    known = {item.path for item in report.items} if report else set()
    unknown = [path for path in paths if path not in known]
    if unknown and (report is None or report.count <= len(known)):
        raise InvalidInput(fields={"paths": f"{_named(unknown)}: no drift is known there; refresh, and look again"})


def _require_understood(agent: Agent | None) -> None:
    if agent and not heals_paths(agent.version):
        told = f"the agent {agent.name} is of version {agent.version}, which heals everything or nothing"
        raise InvalidInput(fields={"paths": f"{told}; upgrade it to 0.2.0 or newer, or heal everything"})


def _heals(paths: Sequence[str]) -> str:
    return f"heal {_named(paths)}" if paths else "heal drift"


def _named(paths: Sequence[str]) -> str:
    """ "a, b and 3 more" """
    more = [f"{len(paths) - NAMED} more"] if len(paths) > NAMED else []
    return listed([*paths[:NAMED], *more])
