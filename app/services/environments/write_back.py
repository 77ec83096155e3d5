"""Writing back: what stands on a target becomes a commit in Git, so that a merge sees what both sides did.

The commit is made on the live revision. Onto a branch that has moved on it is made only where nobody has changed the
same files there meanwhile, which is what a three-way merge would come to.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from app.domain.actor import Actor
from app.domain.agents.protocol import CommandKind
from app.domain.agents.wire import decode
from app.domain.diffs.disclosure import secret_lines
from app.domain.environment import Environment
from app.domain.errors import (
    InvalidInput,
    NothingToWriteBack,
    OperationNotFound,
    RevisionNotFound,
    TargetRefused,
    WriteBackNotPossible,
)
from app.domain.events import about
from app.domain.events.environment_events import DriftWrittenBack
from app.domain.operation import Operation, OperationKind, Request, Trigger
from app.domain.revision import Revision
from app.domain.state.items import Item, printable
from app.domain.state.plan import PlanItem
from app.ports import Ports, Source, Target, Transaction, topics
from app.services.agents.commands import Commands
from app.services.agents.reports.report_batch import fit
from app.services.environments.write_back_commit import (
    HEADS,
    NAMED,
    Found,
    LeftOut,
    commit_onto,
    edits_of,
    written_back_entry,
)
from app.services.operations.planning import applied_state, observe_and_plan
from app.services.operations.queue import Queue
from app.services.operations.refresh import known_content
from app.services.operations.shadow_run import refuse
from app.services.relay import elsewhere

LARGEST = 20_000_000  # bytes of one item that is written back


@dataclass(frozen=True, slots=True)
class WriteBackWish:
    """What is to be committed: `paths`, or all that drifted where there are none, onto `branch` (None: the
    environment's own). Files that look like secrets are left out unless `include_secrets` names them."""

    paths: Collection[str] = ()
    branch: str | None = None
    message: str = ""
    include_secrets: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class WrittenBack:
    """A commit of what drifted. `operation`: the sync that records it as live; None where it waits, because of
    `waits`."""

    revision: Revision
    branch: str
    operation: Operation | None = None
    waits: str = ""
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a commit goes. `own`: it is the branch that the environment follows."""

    branch: str
    own: bool


class WriteBacks:
    """Commits what drifted."""

    def __init__(self, ports: Ports, queue: Queue, commands: Commands) -> None:
        self._ports = ports
        self._queue = queue
        self._commands = commands

    def write_back(self, name: str, wish: WriteBackWish, actor: Actor) -> WrittenBack:
        """Commit what drifted onto a branch in Git and push it.

        On the environment's own branch a sync follows that records the commit as live and changes nothing on the
        target; not so under a hold, and not where the branch holds commits that are not live yet. On another branch
        the commit waits until a person merges it.

        Raises NothingToWriteBack, SecretsNotIncluded, WriteBackConflict, WriteBackNotPossible, InvalidInput,
        PushRejected, SourceUnreachable.
        """
        with self._ports.store.read() as tx:
            environment = tx.environments.get(name)
        refuse(environment, "write back what stands there")
        if elsewhere(self._ports, environment):
            return self._ask_agent(environment, wish, actor)
        source = self._ports.sources.open(environment.source.repo_url, environment.source.credential)
        source.fetch()
        place = _place(source, environment, wish.branch)
        found = self._drifted(environment, wish)
        commit = commit_onto(source, place.branch, found, wish.message or f"Write back what changed on {name}", actor)
        return self._record(environment, place, commit, found, actor)

    # --- what is written ---
    def _drifted(self, environment: Environment, wish: WriteBackWish) -> Found:
        live, now = environment.status.revision, self._ports.clock.now()
        if live is None:
            raise NothingToWriteBack()
        target, state = self._ports.targets.open(environment), self._ports.desired.at(environment, live)
        look, plan = observe_and_plan(environment, target, target.inventory(), state, now, whole=True)
        chosen = [item for item in plan.drift if not wish.paths or printable(item.key) in wish.paths]
        if not chosen:
            raise NothingToWriteBack()
        kept: dict[bytes, tuple[Item, bytes] | None] = {}
        left_out: list[LeftOut] = []
        with applied_state(self._ports.desired, environment, look.inventory, state).contents() as contents:
            for item in chosen:
                path, there = printable(item.key), _live(target, item)
                shows = secret_lines(known_content(contents, item), there[1] if there else None, path)
                if shows == 0 or path in wish.include_secrets:
                    kept[item.key] = there
                else:
                    left_out.append(LeftOut(path, shows))
        return Found(live, edits_of(state.write_back, kept, left_out), tuple(left_out), tuple(map(printable, kept)))

    # --- what follows ---
    def _record(
        self, environment: Environment, place: Place, commit: Revision, found: Found, actor: Actor
    ) -> WrittenBack:
        """Record the commit, and ask for the sync that makes it the live revision where that changes nothing else."""
        now = self._ports.clock.now()
        with self._ports.store.write() as tx:
            current = tx.environments.by_id(environment.id)
            waits = _waits(current, place, commit, found)
            tx.audit.append(now, written_back_entry(current, place.branch, commit, found, actor))
            request = Request(
                OperationKind.SYNC, Trigger.MANUAL, str(actor), wanted=commit.sha, reason="written back to Git",
                spares_drift=True,
            )  # fmt: skip
            operation = None if waits else self._queue.add(tx, current, request, actor)
            episode = tx.episodes.current(current.id)
            if episode:
                told = DriftWrittenBack(episode.id, commit.sha, place.branch, actor, found.paths[:NAMED], waits)
                tx.ledger.append(now, [about(current, told, operation.id if operation else None)])
        self._ports.notifier.notify(topics(current))
        return WrittenBack(commit, place.branch, operation, waits, found.left_out)

    # --- agents ---
    def _ask_agent(self, environment: Environment, wish: WriteBackWish, actor: Actor) -> WrittenBack:
        """Have the environment's agent commit with its own credential; the agent queues the sync that follows."""
        data = {
            "paths": sorted(wish.paths), "branch": wish.branch, "message": wish.message, "by": str(actor),
            "include_secrets": sorted(wish.include_secrets),
        }  # fmt: skip
        answer = fit(dict(self._commands.ask(environment, CommandKind.WRITE_BACK, data)))
        branch = str(answer.get("branch") or wish.branch or environment.source.ref)
        commit = decode(Revision, answer.get("revision"), "revision")
        left_out = tuple(decode(LeftOut, one, "left_out") for one in answer.get("left_out") or ())
        follows = answer.get("operation")
        with self._ports.store.write() as tx:
            entry = written_back_entry(environment, branch, commit, Found(commit.sha, {}, left_out), actor)
            tx.audit.append(self._ports.clock.now(), entry)
            operation = _stored(tx, environment, follows.get("id")) if isinstance(follows, Mapping) else None
        return WrittenBack(commit, branch, operation, str(answer.get("waits") or ""), left_out)


def _place(source: Source, environment: Environment, wanted: str | None) -> Place:
    """Where a commit goes. Raises InvalidInput where that is no branch, WriteBackNotPossible where it would end a
    rollback's hold."""
    ref, own = environment.source.ref, ""
    with suppress(InvalidInput):  # it follows a tag or a commit
        own = source.branch(ref)
    branch = source.branch(wanted or ref)
    if branch == own:
        _expect_there(source, branch)
    hold = environment.hold
    if branch == own and hold and hold.left_revision:
        raise WriteBackNotPossible(
            f"{environment.name} was rolled back; a newer commit on {branch} would end that and be delivered. "
            "Write back to a branch of its own."
        )
    return Place(branch, branch == own)


def _expect_there(source: Source, branch: str) -> None:
    try:
        source.resolve(HEADS + branch)
    except RevisionNotFound as gone:
        mend = "is not there any more; name another one"
        raise InvalidInput(gone.detail, fields={"branch": mend}) from None


def _waits(environment: Environment, place: Place, commit: Revision, found: Found) -> str:
    """Why no sync follows, or ""."""
    if not place.own:
        return f"It waits on {place.branch} until somebody merges it; until then the drift stays."
    if environment.hold:
        hold = environment.hold
        return f"Nothing is delivered: automation is on hold by {hold.owner} ({hold.reason or 'no reason given'})."
    if (environment.status.revision, commit.parents) != (found.live, (found.live,)):
        return f"{place.branch} holds other commits that are not live yet; it goes live with them."
    return ""


def _stored(tx: Transaction, environment: Environment, id: Any) -> Operation | None:
    """The operation that an agent's answer names; None until the agent has reported it."""
    try:
        found = tx.operations.get(str(id))
    except OperationNotFound:
        return None
    return found if found.environment_id == environment.id else None


def _live(target: Target, item: PlanItem) -> tuple[Item, bytes] | None:
    """The live item at an item's key with its content; None where it is missing or not readable."""
    if item.found is None:
        return None
    content = target.read(item.key, LARGEST + 1)
    if content is None or len(content) > LARGEST:
        raise TargetRefused(f"'{printable(item.key)}' cannot be read from the target, or is too large to write back.")
    return item.found, content
