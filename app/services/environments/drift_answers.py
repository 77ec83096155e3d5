"""The three answers to drift: heal it, write it back to Git, or ignore it with an owner and an end."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from app.domain.actor import Actor
from app.domain.agents.protocol import CommandKind
from app.domain.agents.wire import decode
from app.domain.audit import NewAuditEntry
from app.domain.environment import Environment, IgnoreRule
from app.domain.errors import InvalidInput, NothingToWriteBack, OperationNotFound, TargetRefused
from app.domain.events import about
from app.domain.events.environment_events import DriftAcknowledged, DriftEnded, IgnoreRuleEdited
from app.domain.operation import Operation, OperationKind, Request, Trigger
from app.domain.revision import Person, Revision
from app.domain.state.drift import Ending
from app.domain.state.items import Item, printable
from app.domain.state.plan import Plan, PlanItem
from app.ports import Edits, Ports, Target, Transaction
from app.services.agents.commands import Commands
from app.services.agents.reports.report_batch import fit
from app.services.operations.planning import observe_and_plan
from app.services.operations.queue import Queue
from app.services.operations.shadow_run import refuse
from app.services.relay import elsewhere

WRITE_BACK_LIMIT = 20_000_000  # bytes of one item that is written back
WROTE_BACK = "drift.adopt"  # the audit log's word, older than the name


class DriftAnswers:
    """Heals drift, acknowledges it, accepts it by rules, and writes it back to Git."""

    def __init__(self, ports: Ports, queue: Queue, commands: Commands) -> None:
        self._ports = ports
        self._queue = queue
        self._commands = commands

    def heal(self, name: str, actor: Actor, reason: str = "") -> Operation:
        """Make live equal the revision that is live already."""
        with self._ports.store.read() as tx:
            environment = tx.environments.get(name)
        refuse(environment, "heal drift")
        live = environment.status.revision
        if live is None:
            raise InvalidInput("Nothing was delivered to this environment yet; sync it first.")
        request = Request(OperationKind.SYNC, Trigger.MANUAL, str(actor), wanted=live, reason=reason or "heal drift")
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

    def ignore(self, name: str, path: str, reason: str, expires_at: datetime | None, actor: Actor) -> Operation:
        """Accept drift at a path or glob from now on; a refresh follows."""
        now = self._ports.clock.now()
        if not path.strip() or path.strip().startswith("/") or ".." in path.split("/"):
            raise InvalidInput(fields={"path": "must be a path or a glob inside the target, such as logs/*"})
        if not reason.strip():
            raise InvalidInput(fields={"reason": "is empty; say why this drift is accepted"})
        if expires_at is not None and expires_at <= now:
            raise InvalidInput(fields={"expires_at": "lies in the past; give a later moment or leave it out"})
        rule = IgnoreRule(path.strip(), str(actor), reason, expires_at)
        with self._ports.store.read() as tx:
            environment = tx.environments.get(name)
        kept = tuple(one for one in environment.policy.ignore if one.path != rule.path)
        self._rules(name, environment, (*kept, rule), "drift.ignore", rule, actor)
        return self._refresh(name, actor, f"ignore rule for {rule.path}")

    def stop_ignoring(self, name: str, path: str, actor: Actor) -> Operation:
        """Remove an ignore rule; a refresh follows."""
        with self._ports.store.read() as tx:
            environment = tx.environments.get(name)
        rule = next((one for one in environment.policy.ignore if one.path == path), None)
        if rule is None:
            raise InvalidInput(fields={"path": f"no ignore rule for '{path}'"})
        kept = tuple(one for one in environment.policy.ignore if one.path != path)
        self._rules(name, environment, kept, "drift.stop_ignoring", rule, actor)
        return self._refresh(name, actor, f"ignore rule for {path} removed")

    def _rules(
        self,
        name: str,
        environment: Environment,
        rules: tuple[IgnoreRule, ...],
        action: str,
        rule: IgnoreRule,
        actor: Actor,
    ) -> None:
        now = self._ports.clock.now()
        policy = replace(environment.policy, ignore=rules)
        edited = IgnoreRuleEdited(name, rule.path, rule.reason, action=action)
        with self._ports.store.write() as tx:
            tx.environments.replace(replace(environment, policy=policy, version=environment.version + 1))
            tx.audit.append(now, NewAuditEntry(actor, action, f"environment:{name}", edited.data))
            tx.ledger.append(now, [about(environment, edited)])

    def _refresh(self, name: str, actor: Actor, reason: str) -> Operation:
        return self._queue.ask(name, Request(OperationKind.REFRESH, Trigger.MANUAL, str(actor), reason=reason), actor)

    def write_back(
        self, name: str, paths: Collection[str], branch: str | None, message: str, actor: Actor
    ) -> tuple[Revision, Operation | None]:
        """Commit what drifted (all of it, or `paths`) onto a branch in Git and push it.

        On the environment's own branch the commit is delivered at once, which ends the episode; on another branch it
        waits until a person merges it.

        Raises NothingToWriteBack, WriteBackNotPossible, PushRejected, SourceUnreachable.
        """
        with self._ports.store.read() as tx:
            environment = tx.environments.get(name)
        refuse(environment, "write back what stands there")
        if elsewhere(self._ports, environment):
            return self._ask_agent(environment, paths, branch, message, actor)
        source = self._ports.sources.open(environment.source.repo_url, environment.source.credential)
        source.fetch()
        edits = self._edits(environment, set(paths))
        ref, onto = environment.source.ref, branch or environment.source.ref
        head = source.resolve(ref)
        text = message or f"Write back what changed on {name}"
        author = Person(actor.name, "")
        commit = source.commit(onto, head.sha, edits, f"{text}\n\nWritten back by {actor} in PushPull.", author)
        self._record_commit(environment, commit, onto, sorted(printable(path) for path in edits), actor)
        if onto != ref:
            return commit, None
        request = Request(
            OperationKind.SYNC, Trigger.MANUAL, str(actor), wanted=commit.sha, reason="written back to Git"
        )
        return commit, self._queue.ask(name, request, actor)

    def _ask_agent(
        self, environment: Environment, paths: Collection[str], branch: str | None, message: str, actor: Actor
    ) -> tuple[Revision, Operation | None]:
        """Have the environment's agent commit with its own credential; the agent queues the sync that follows."""
        data = {"paths": sorted(paths), "branch": branch, "message": message, "by": str(actor)}
        answer = fit(dict(self._commands.ask(environment, CommandKind.WRITE_BACK, data)))
        commit = decode(Revision, answer.get("revision"), "revision")
        details = {"environment": environment.name, "revision": commit.sha, "branch": branch or environment.source.ref}
        with self._ports.store.write() as tx:
            entry = NewAuditEntry(actor, WROTE_BACK, f"environment:{environment.name}", details)
            tx.audit.append(self._ports.clock.now(), entry)
            follows = answer.get("operation")
            return commit, _stored(tx, environment, follows.get("id")) if isinstance(follows, Mapping) else None

    def _edits(self, environment: Environment, paths: set[str]) -> Edits:
        live = environment.status.revision
        if live is None:
            raise NothingToWriteBack()
        target = self._ports.targets.open(environment)
        state = self._ports.desired.at(environment, live)
        _, plan = observe_and_plan(environment, target, state, self._ports.clock.now(), whole=True)
        edits = state.write_back({item.key: _live(target, item) for item in _chosen(plan, paths)})
        if not edits:
            raise NothingToWriteBack()
        return edits

    def _record_commit(
        self, environment: Environment, commit: Revision, branch: str, paths: list[str], actor: Actor
    ) -> None:
        now = self._ports.clock.now()
        data = {"environment": environment.name, "revision": commit.sha, "branch": branch, "paths": paths[:100]}
        with self._ports.store.write() as tx:
            entry = NewAuditEntry(actor, WROTE_BACK, f"environment:{environment.name}", data)
            tx.audit.append(now, entry)
            episode = tx.episodes.current(environment.id)
            if episode and branch == environment.source.ref:
                tx.episodes.end(episode.id, now, Ending.WRITTEN_BACK, str(actor))
                why = f"written back by {actor} as {commit.short}"
                ended = DriftEnded(episode.id, Ending.WRITTEN_BACK.value, actor, revision=commit.sha, why=why)
                tx.ledger.append(now, [about(environment, ended)])


def _stored(tx: Transaction, environment: Environment, id: Any) -> Operation | None:
    """The operation that an agent's answer names; None until the agent has reported it."""
    try:
        found = tx.operations.get(str(id))
    except OperationNotFound:
        return None
    return found if found.environment_id == environment.id else None


def _chosen(plan: Plan, paths: set[str]) -> list[PlanItem]:
    return [item for item in plan.drift if not paths or printable(item.key) in paths]


def _live(target: Target, item: PlanItem) -> tuple[Item, bytes] | None:
    """The live item at an item's key with its content; None where it is missing or not readable."""
    if item.found is None:
        return None
    content = target.read(item.key, WRITE_BACK_LIMIT + 1)
    if content is None or len(content) > WRITE_BACK_LIMIT:
        raise TargetRefused(f"'{printable(item.key)}' cannot be read from the target, or is too large to write back.")
    return item.found, content
