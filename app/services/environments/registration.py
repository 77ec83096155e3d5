"""Registering, editing and removing environments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from app.domain.actor import SCHEDULE, Actor
from app.domain.audit import NewAuditEntry
from app.domain.environment import CONTENT, Content, Environment, RunsOn, SourceSpec, TargetSpec
from app.domain.errors import (
    CredentialNotFound,
    EnvironmentChanged,
    InvalidInput,
    OperationInProgress,
    SourceRefused,
)
from app.domain.events import EventType, Fact, about
from app.domain.events.environment_events import EnvironmentCreated, EnvironmentDeleted, EnvironmentEdited
from app.domain.operation import OperationKind, Phase, Request, Trigger
from app.domain.specification.environment_fields import NAME, as_dict, merge, read
from app.domain.specification.reader import wrong
from app.domain.specification.target_kind import CredentialUse
from app.ports import Ports, Probe, Transaction, topics
from app.services.environments.edits import edited, of_mode, turns_aside
from app.services.environments.external_registration import check_system, in_usual_mode, refuse_other_hands
from app.services.environments.preemption import PATIENT, past_refreshes
from app.services.operations.queue import Queue
from app.services.outcomes.commit_ends import give_up
from app.services.outcomes.conclusion import Conclusion, conclude
from app.services.outcomes.drift_episodes import abandon
from app.services.relay import elsewhere
from app.services.triggers.polling import Poller
from app.services.triggers.webhook_names import RESERVED, forget_hooks, forget_repository_hook

ACTIONS = {
    EventType.ENVIRONMENT_CREATED: "environment.create",
    EventType.ENVIRONMENT_EDITED: "environment.edit",
    EventType.ENVIRONMENT_DELETED: "environment.delete",
}
SWITCHED = (
    "is changed by a switch, which takes the delivered files along: "
    "`pushpull env switch NAME --runs-on ...`, POST /environments/NAME/switches, or Switch on the environment's page"
)


class Registration:
    """Registers, edits and removes environments."""

    def __init__(self, ports: Ports, queue: Queue, poller: Poller) -> None:
        self._ports = ports
        self._queue = queue
        self._poller = poller

    def checked(self, values: Any) -> Environment:
        """The environment of a specification, checked as far as that needs no network. Raises InvalidInput."""
        environment, errors = read(in_usual_mode(values))
        target = environment.target
        for check in (lambda: self._target(environment), lambda: self._source(environment)):
            try:
                target = check() or target
            except InvalidInput as problem:
                errors = {**problem.fields, **errors}
        if errors:
            raise wrong(errors)
        return replace(environment, target=target)

    def _target(self, environment: Environment) -> TargetSpec:
        kind, external = environment.target.kind, environment.external
        if external:
            check_system(external)
            return environment.target
        if elsewhere(self._ports, environment):  # its roots are its agent's business
            return TargetSpec(kind, self._ports.targets.shape(kind, environment.target.options))
        target = TargetSpec(kind, self._ports.targets.check(kind, environment.target.options))
        for use in self._ports.targets.kinds().credentials(target):
            self._fits(use)
        return target

    def _fits(self, use: CredentialUse) -> None:
        """Refuse a target's credential that is not stored here or is of a kind that the field does not take."""
        try:
            with self._ports.store.read() as tx:
                kind = tx.credentials.get(use.name).kind
        except CredentialNotFound as problem:
            raise InvalidInput(fields={use.field: f"there is no credential '{use.name}'; create it first"}) from problem
        if kind not in use.kinds:
            hint = f"must be a credential of the kind {' or '.join(use.kinds)}; '{use.name}' is a {kind}"
            raise InvalidInput(fields={use.field: hint})

    def _source(self, environment: Environment) -> None:
        """Check the source's address and credential; SourceRefused becomes InvalidInput for the field."""
        credential = environment.source.credential
        if environment.external and not environment.source.repo_url:
            return  # nobody has to know it: deliveries are not timed from their commits then
        try:
            if environment.runs_on is RunsOn.AGENT and elsewhere(self._ports, environment):  # the agent holds them
                if credential and not NAME.match(credential):
                    raise InvalidInput(fields={"source.credential": "must be the name of a credential on the agent"})
                self._ports.sources.shape(environment.source.repo_url)
                return
            if credential:
                with self._ports.store.read() as tx:
                    tx.credentials.get(credential)
            self._ports.sources.open(environment.source.repo_url, credential)
        except CredentialNotFound as problem:
            hint = f"there is no credential '{credential}'; create it first"
            raise InvalidInput(fields={"source.credential": hint}) from problem
        except SourceRefused as problem:
            raise InvalidInput(fields=problem.fields or {"source.repo_url": problem.detail}) from problem

    def probe(self, values: Mapping[str, Any]) -> Probe:
        """Look at a repository before saving: {"repo_url", "ref"?, "path"?, "credential"?, "lfs"?, …}."""
        spec = SourceSpec(
            str(values.get("repo_url") or ""),
            str(values.get("ref") or "main"),
            str(values.get("path") or "").strip("/"),
            str(values.get("credential") or "") or None,
            Content(*(values.get(name) is True for name in CONTENT)),
        )
        if not spec.repo_url:
            raise InvalidInput(fields={"source.repo_url": "is required"})
        return self._ports.sources.probe(spec)

    def completed(self, values: Mapping[str, Any]) -> TargetSpec:
        """The target of a specification, with host keys looked up where they are missing."""
        kind = str(values.get("kind") or "")
        options = {name: value for name, value in values.items() if name != "kind"}
        return self._ports.targets.complete(TargetSpec(kind, self._ports.targets.check(kind, options)))

    def create(self, values: Any, actor: Actor) -> Environment:
        """Register an environment and look at it for the first time. Raises InvalidInput, EnvironmentExists."""
        environment = self.checked(values)
        if RESERVED.fullmatch(environment.name):
            raise InvalidInput(fields={"name": "is the name of a repository's webhook; choose another"})
        if environment.external is None:
            environment = replace(environment, target=self._ports.targets.complete(environment.target))
        now = self._ports.clock.now()
        with self._ports.store.write() as tx:
            self.refuse_conflicts(tx, environment)
            stored = tx.environments.add(replace(environment, created_at=now))
            self._record(tx, stored, EnvironmentCreated(as_dict(stored), by=actor), actor)
        self._ports.notifier.notify(("registry", *topics(stored)))
        return stored

    def refuse_conflicts(self, tx: Transaction, environment: Environment) -> None:
        """Raise InvalidInput where another environment delivers to this target, or to a part of it, and where a
        credential was removed since the specification was checked."""
        away = elsewhere(self._ports, environment)
        for field, name in () if away else self._credentials(environment):
            if not tx.credentials.exists(name):
                raise InvalidInput(fields={field: f"there is no credential '{name}'; create it first"})
        if away and environment.agent is None:
            return  # no agent is enrolled yet; the enrollment checks again
        other = self._ports.targets.overlapping(environment, tx.environments.neighbours(environment))
        if other is not None:
            field = self._ports.targets.kinds()[environment.target.kind].place_field
            raise InvalidInput(fields={field: f"overlaps with the target of environment '{other}'"})

    def _credentials(self, environment: Environment) -> list[tuple[str, str]]:
        """(field, name) of the credentials of this installation that an environment uses."""
        uses = self._ports.targets.kinds().credentials(environment.target)
        own = environment.source.credential
        return ([("source.credential", own)] if own else []) + [(use.field, use.name) for use in uses]

    def edit(self, name: str, change: Mapping[str, Any], actor: Actor, *, version: int | None = None) -> Environment:
        """Lay a partial specification over the stored one (JSON Merge Patch); record the changes. The name stays.

        Raises EnvironmentChanged where `version` is given and not the stored one's, and after a concurrent edit.
        """
        with self._ports.store.read() as tx:
            before = tx.environments.get(name)
        if version is not None and before.version != version:
            raise EnvironmentChanged()
        if change.get("name", name) != name:
            raise InvalidInput(fields={"name": "cannot be changed; register a new environment instead"})
        wanted = self.checked(of_mode(before, merge(as_dict(before), change)))
        if wanted.runs_on is not before.runs_on:
            refuse_other_hands(before, wanted)
            if before.status.revision:
                raise InvalidInput(fields={"runs_on": SWITCHED})
        if wanted.target != before.target and wanted.external is None:
            wanted = replace(wanted, target=self._ports.targets.complete(wanted.target, before.target))
        agent = before.agent if wanted.runs_on is before.runs_on else None
        after = replace(
            wanted, id=before.id, agent=agent, status=before.status, hold=before.hold, created_at=before.created_at,
            version=before.version + 1,
        )  # fmt: skip
        if as_dict(after) == as_dict(before):
            return before
        if after.target == before.target:
            return self._replace(before, after, actor)
        deed = partial(self._replace, before, after, actor)
        return past_refreshes(self._ports, self._queue, name, actor, deed, PATIENT)

    def _replace(self, before: Environment, after: Environment, actor: Actor) -> Environment:
        old, new = as_dict(before), as_dict(after)
        changed = {key: {"from": old[key], "to": new[key]} for key in new if old.get(key) != new[key]}
        with self._ports.store.write() as tx:
            current = tx.environments.by_id(before.id)
            if current.version != before.version:
                raise EnvironmentChanged()
            self.refuse_conflicts(tx, after)
            moved = self._moved(before, after)
            after = replace(after, hold=current.hold, status=edited(current, after, moved=moved))
            if after.target != before.target:
                running = tx.operations.active(before.id)
                if running and running.phase is Phase.RUNNING:
                    raise OperationInProgress("The target cannot be changed while an operation is running.")
            tx.environments.replace(after)
            forget_repository_hook(tx, before)
            if after.status != current.status:
                tx.environments.put_status(after.id, after.status)
            if after.status.noticed != current.status.noticed:
                give_up(tx, current, self._ports.clock.now())
            if after.agent != before.agent:
                tx.agents.hand_over(after.id, after.agent, self._ports.clock.now())
            if moved or turns_aside(before, after):
                abandon(tx, after, str(actor), self._ports.clock.now())
            self._record(tx, after, EnvironmentEdited(changed, by=actor), actor)
            if (after.source, after.target, after.policy) != (before.source, before.target, before.policy):
                tx.environments.schedule_refresh(after.id, self._ports.clock.now())
        if moved or after.runs_on is not before.runs_on:
            self._forget(before)
        self._ports.notifier.notify(("registry", *topics(after)))
        return after

    def _forget(self, environment: Environment) -> None:
        """Delete the inventory of a target that this process serves; an agent deletes its own."""
        if elsewhere(self._ports, environment):
            return
        for known in (self._ports.targets.open(environment), self._ports.targets.shadow(environment)):
            known.forget()

    def _moved(self, before: Environment, after: Environment) -> bool:
        """Whether the edit names another place, and not only another way to it (a key, a jump host)."""
        return self._ports.targets.kinds().moved(before.target, after.target)

    def remove(self, name: str, actor: Actor, *, version: int | None = None) -> None:
        """Forget an environment; delivered files and the ledger stay. A refresh, which only reads, is stopped.

        Raises OperationInProgress, and EnvironmentChanged where `version` is given and not the stored one's.
        """
        past_refreshes(self._ports, self._queue, name, actor, lambda: self._remove(name, actor, version))

    def _remove(self, name: str, actor: Actor, version: int | None) -> None:
        now = self._ports.clock.now()
        with self._ports.store.write() as tx:
            environment = tx.environments.get(name)
            if version not in (None, environment.version):
                raise EnvironmentChanged()
            running = tx.operations.active(environment.id)
            runs = [running] if running and running.phase is Phase.RUNNING else []
            if runs and not environment.silent(now):
                raise OperationInProgress(f"Operation {runs[0].id} is running; stop it or wait for its end.")
            for one in (*runs, *tx.operations.queued(environment.id)):
                conclude(tx, one, Conclusion(Phase.TERMINATED, reason="the environment was deleted"), now)
            give_up(tx, environment, now)
            tx.environments.remove(environment.id)
            forget_hooks(tx, environment)
            self._record(tx, environment, EnvironmentDeleted(as_dict(environment), by=actor), actor)
        self._forget(environment)
        self._ports.notifier.notify(("registry", *topics(environment)))

    def first_look(self, environment: Environment) -> None:
        """After registration: poll its repository, which delivers to an auto-syncing environment, or just compare."""
        if elsewhere(self._ports, environment):
            return  # its agent looks by itself as soon as it is told of it
        self._poller.poll(environment.source.repo_url, environment.source.credential)
        request = Request(OperationKind.REFRESH, Trigger.SCHEDULE, str(SCHEDULE), reason="first look")
        with self._ports.store.read() as tx:
            busy = tx.operations.active(environment.id)
        if busy is None:
            self._queue.ask(environment.name, request, SCHEDULE)

    def _record(self, tx: Transaction, environment: Environment, fact: Fact, actor: Actor) -> None:
        """Record the change in ledger and audit log."""
        now, data = self._ports.clock.now(), {"environment": environment.name, **fact.data}
        tx.ledger.append(now, [about(environment, fact)])
        tx.audit.append(now, NewAuditEntry(actor, ACTIONS[fact.type], f"environment:{environment.name}", data))
