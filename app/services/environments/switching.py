"""ModeSwitches: the same environment at the same place, delivered to in another way from now on.

Nothing is delivered anew. Inventory, history, drift, holds and bad revisions carry over; see docs/concepts.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from app.domain.actor import Actor
from app.domain.audit import NewAuditEntry
from app.domain.environment import Environment, RunsOn, Status, TargetSpec
from app.domain.errors import EnvironmentChanged, InvalidInput, OperationInProgress, Problem
from app.domain.events import about
from app.domain.events.environment_events import EnvironmentSwitched, SwitchSide
from app.domain.masking import mask
from app.domain.operation import Operation, OperationKind, Outcome, Phase
from app.domain.specification.environment_fields import as_dict, merge
from app.domain.specification.kind_catalogue import KindCatalogue
from app.ports import Ports, Transaction
from app.services.environments.edits import at_new_source, of_mode, untried
from app.services.environments.preemption import PATIENT, past_refreshes
from app.services.environments.registration import Registration
from app.services.operations.inventory_seeding import carry, seed_inventory
from app.services.operations.queue import Queue
from app.services.outcomes.commit_ends import give_up
from app.services.outcomes.conclusion import Conclusion, conclude
from app.services.relay import refuse_external
from app.wording.switch_effects import carried, effects, left_behind

PARTS = ("mode", "runs_on", "source", "target", "policy")


@dataclass(frozen=True, slots=True)
class SwitchPlan:
    """A proposed or completed switch. `effects`: the changes to automation; `carried`: what stays;
    `left`: what is known to nobody afterwards."""

    before: Environment
    after: Environment
    effects: tuple[str, ...]
    carried: tuple[str, ...]
    left: tuple[str, ...] = ()
    at: datetime | None = None
    by: str = ""
    reason: str = ""


class ModeSwitches:
    """Switches environments."""

    def __init__(self, ports: Ports, registration: Registration, queue: Queue) -> None:
        self._ports = ports
        self._queue = queue
        self._registration = registration

    def prospect(self, name: str, change: Mapping[str, Any], agent: str | None = None) -> SwitchPlan:
        """The plan of a switch; nothing is written. Raises InvalidInput, DeliveredByOthers."""
        with self._ports.store.read() as tx:
            before = tx.environments.get(name)
            refuse_external(before)
            open_episode = tx.episodes.current(before.id) is not None
            history = bool(tx.history.page(before.id, 1, None).items)
        after = self._after(before, change, agent)
        kinds = self._ports.targets.kinds()
        left = left_behind(kinds, before, after, same_place=True)
        stays = carried(kinds, before, open_episode, history)
        return SwitchPlan(before, after, effects(kinds, before, after), stays, left)

    def completed(self, wanted: SwitchPlan) -> TargetSpec:
        """The target that a switch would lead to, its host keys looked up where they are not given."""
        return self._ports.targets.complete(wanted.after.target, wanted.before.target)

    def _after(self, before: Environment, change: Mapping[str, Any], agent: str | None) -> Environment:
        given = {name: value for name, value in change.items() if name in PARTS and value is not None}
        target = _target(self._ports.targets.kinds(), before, given)
        merged = merge({**as_dict(before), "target": target}, {**given, "target": {}})
        chosen = (given.get("policy") or {}).get("auto_sync")
        automatic = {} if chosen is None else {"policy": {"auto_sync": chosen}}
        wanted = self._registration.checked(merge(of_mode(before, merged), automatic))
        served = agent or (before.agent if before.runs_on is RunsOn.AGENT else None)
        after = replace(
            wanted, id=before.id, hold=before.hold, created_at=before.created_at, version=before.version + 1,
            status=_status(before, wanted), agent=served if wanted.runs_on is RunsOn.AGENT else None,
        )  # fmt: skip
        if (after.mode, after.runs_on, after.target, after.agent) == (
            before.mode, before.runs_on, before.target, before.agent,
        ):  # fmt: skip
            hint = f"is {before.mode.value} already; name another mode, runs_on, target or agent to switch to"
            raise InvalidInput(fields={"mode": hint})
        return after

    def switch(
        self, name: str, change: Mapping[str, Any], actor: Actor, reason: str = "", agent: str | None = None
    ) -> SwitchPlan:
        """Switch; a comparison that runs just now makes way. Raises InvalidInput, OperationInProgress,
        EnvironmentChanged; then nothing was changed."""
        wanted = self.prospect(name, change, agent)
        before = wanted.before
        self._past_refreshes(before, actor, lambda: self._refuse_running(before))
        after = self._completed(before, wanted.after)
        wanted = replace(wanted, after=after)
        moved = (before.runs_on, before.target) != (after.runs_on, after.target)
        if moved and after.runs_on is self._ports.here:
            self._seed(before, after)
        made = replace(wanted, at=self._ports.clock.now(), by=str(actor), reason=mask(reason))
        self._past_refreshes(before, actor, lambda: self._written(made, actor))  # asking a host may have taken long
        if before.runs_on is self._ports.here and after.runs_on is not self._ports.here:
            self._ports.targets.open(before).forget()  # from now on another side keeps the inventory
        self._ports.notifier.notify(("work", "ledger", "registry", "agents", f"environment-{name}"))
        return made

    def _completed(self, before: Environment, after: Environment) -> Environment:
        """The environment with values that only the place itself has, such as a host key; agents complete theirs."""
        if after.runs_on is not self._ports.here or after.target == before.target:
            return after
        return replace(after, target=self._ports.targets.complete(after.target, before.target))

    def _past_refreshes(self, before: Environment, actor: Actor, deed: Callable[[], None]) -> None:
        past_refreshes(self._ports, self._queue, before.name, actor, deed, PATIENT)

    def _written(self, made: SwitchPlan, actor: Actor) -> None:
        with self._ports.store.write() as tx:
            self._write(tx, made, actor)

    def _refuse_running(self, environment: Environment) -> None:
        with self._ports.store.read() as tx:
            _refuse_running(tx, environment)

    def _seed(self, before: Environment, after: Environment) -> None:
        """Write the new side's inventory: from the old one where that is ours to read, else from what is live."""
        desired, new = self._ports.desired, self._ports.targets.open(after)
        if before.status.revision is None:
            return
        if before.runs_on is self._ports.here and carry(desired, after, self._ports.targets.open(before), new):
            return
        try:
            new.forget()
            source = self._ports.sources.open(after.source.repo_url, after.source.credential)
            if not seed_inventory(self._ports, before, new)[1]:
                source.fetch(before.source.ref, before.status.revision)
                seed_inventory(self._ports, before, new)
        except Problem:
            pass  # the first look does it, or takes over what equals Git

    def _write(self, tx: Transaction, made: SwitchPlan, actor: Actor) -> None:
        before, after, now = made.before, made.after, made.at or self._ports.clock.now()
        if tx.environments.by_id(before.id).version != before.version:
            raise EnvironmentChanged()
        _refuse_running(tx, before)
        self._registration.refuse_conflicts(tx, after)
        change_words = in_words(self._ports.targets.kinds(), before, after)
        reason = f"the environment was switched ({change_words}) before it ran"
        for waiting in tx.operations.queued(before.id):
            conclude(tx, waiting, _superseded(waiting, reason), now)
        status = tx.environments.by_id(before.id).status
        tx.environments.replace(after)
        known = _status(replace(before, status=status), after)
        tx.environments.put_status(after.id, known)
        if known.noticed != status.noticed:
            give_up(tx, before, now)
        _hand_over(tx, before, after, now)
        tx.environments.schedule_refresh(after.id, now)
        switched = EnvironmentSwitched(side(before), side(after), actor, why=made.reason)
        tx.ledger.append(now, [about(after, switched)])
        data = {"environment": after.name, **switched.data, "reason": made.reason}
        tx.audit.append(now, NewAuditEntry(actor, "environment.switch", f"environment:{after.name}", data))


def _target(kinds: KindCatalogue, before: Environment, change: Mapping[str, Any]) -> dict[str, Any]:
    """The new target: as given, or the same place as the other side reaches it."""
    old, given = {"kind": before.target.kind, **before.target.options}, dict(change.get("target") or {})
    runs_on = next((one for one in RunsOn if one.value == change.get("runs_on")), before.runs_on)
    here, there = kinds.get(before.target.kind), kinds.that_run_on(runs_on)
    if not given and here and there and here not in there:
        given = {"kind": there[0].name}
    wanted = kinds.get(str(given.get("kind", old["kind"])))
    if here is wanted or here is None or wanted is None:
        return merge(old, given)
    return merge({name: old[name] for name in here.shared_with(wanted) if name in old}, given)


def _status(before: Environment, after: Environment) -> Status:
    """The status after a switch: unchanged, except for the noticed head where the ref is another one."""
    known = ("repo_url", "ref", "path", "content")
    if all(getattr(before.source, name) == getattr(after.source, name) for name in known):
        same = (before.runs_on, before.agent, before.target) == (after.runs_on, after.agent, after.target)
        return before.status if same and before.source == after.source else untried(before.status)
    return at_new_source(before.status)


def _refuse_running(tx: Transaction, environment: Environment) -> None:
    running = tx.operations.active(environment.id)
    if running and running.phase is Phase.RUNNING:
        raise OperationInProgress(
            f"Operation {running.id} is running; stop it or wait for its end, then switch. Nothing was changed."
        )


def _superseded(waiting: Operation, reason: str) -> Conclusion:
    """A sync makes way for the new side's own; a comparison is asked for again anyway."""
    if waiting.kind is OperationKind.SYNC:
        return Conclusion(Phase.SUPERSEDED, Outcome.SUPERSEDED, reason)
    return Conclusion(Phase.TERMINATED, reason=reason)


def _hand_over(tx: Transaction, before: Environment, after: Environment, now: datetime) -> None:
    if after.agent != before.agent:
        tx.agents.hand_over(after.id, after.agent, now)


def side(one: Environment) -> SwitchSide:
    """One side of a switch, for the ledger."""
    target = {"kind": one.target.kind, **one.target.options}
    return SwitchSide(one.mode.value, one.runs_on.value, one.agent, target, one.policy.auto_sync, one.source.credential)


def in_words(kinds: KindCatalogue, before: Environment, after: Environment) -> str:
    """What is switched: "push to pull", "server to agent", "/srv/shop to ssh://web1/srv/shop"."""
    pairs = (
        (before.mode.value, after.mode.value),
        (before.runs_on.value, after.runs_on.value),
        (kinds.address(before.target), kinds.address(after.target)),
    )
    return ", ".join(f"{old} to {new}" for old, new in pairs if old != new) or "another agent"
