"""Enrollments and revoking agents: one-time tokens, credentials that are kept as hashes, and their rotation."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from app.domain.actor import Actor
from app.domain.actor import agent as named
from app.domain.agents.protocol import ENROLLMENT_LIFE, Agent, Enrollment
from app.domain.audit import NewAuditEntry, timestamp
from app.domain.environment import Environment, RunsOn
from app.domain.errors import EnvironmentNotFound, InvalidInput, NotAuthenticated
from app.domain.events import NewEvent, about
from app.domain.events.agent_events import AgentEnrolled, AgentWasRevoked
from app.domain.ids import new_id
from app.domain.specification.environment_fields import NAME
from app.ports import Ports, Transaction, topics
from app.services.agents.admission import Admission, digest
from app.services.agents.refusals import UNKNOWN, refused
from app.services.relay import refuse_external

__all__ = ["EnrolledAgent", "Enrollments", "digest"]
TOKEN, CREDENTIAL = "ppe_", "ppa_"
UNUSABLE = "The enrollment token is unknown, expired or used already; make a new one."


@dataclass(frozen=True, slots=True)
class EnrolledAgent:
    """An agent that has just been made, with its credential, which is kept nowhere."""

    agent: Agent
    credential: str
    environments: tuple[str, ...]


class Enrollments:
    """Enrolls and revokes agents."""

    def __init__(self, ports: Ports, admission: Admission) -> None:
        self._ports = ports
        self._admission = admission

    def token(self, names: Collection[str], actor: Actor, life: timedelta = ENROLLMENT_LIFE) -> tuple[Enrollment, str]:
        """A one-time token that makes one agent for some environments. Raises EnvironmentNotFound, InvalidInput."""
        now, value = self._ports.clock.now(), TOKEN + secrets.token_urlsafe(32)
        life = min(life, ENROLLMENT_LIFE)
        chosen = tuple(dict.fromkeys(names))
        with self._ports.store.write() as tx:
            self._check([tx.environments.get(name) for name in chosen])
            made = Enrollment(new_id(now), digest(value), chosen, now, str(actor), now + life)
            tx.agents.add_enrollment(made)
            data = {"environments": list(chosen), "expires_at": timestamp(made.expires_at)}
            tx.audit.append(now, NewAuditEntry(actor, "agent.token", f"enrollment:{made.id}", data))
        return made, value

    def _check(self, environments: Sequence[Environment]) -> None:
        """Raise InvalidInput unless every environment runs on an agent and no two of their targets overlap."""
        if not environments:
            raise InvalidInput(fields={"environments": "name at least one environment"})
        for one in environments:
            refuse_external(one)
            if one.runs_on is not RunsOn.AGENT:
                hint = f"'{one.name}' runs on this server; set its runs_on to agent first"
                raise InvalidInput(fields={"environments": hint})
            others = {other.name: other.target for other in environments if other is not one}
            overlap = self._ports.targets.overlapping(one, others)
            if overlap:
                raise InvalidInput(fields={"environments": f"the targets of '{one.name}' and '{overlap}' overlap"})

    def enroll(self, token: str, name: str, version: str, ip: str | None) -> EnrolledAgent:
        """Spend a one-time token and create its agent. Raises NotAuthenticated, VersionSkew, InvalidInput."""
        now, value = self._ports.clock.now(), CREDENTIAL + secrets.token_urlsafe(32)
        self._admission.check_version(version)
        if not NAME.match(name):
            raise InvalidInput(fields={"name": "must be 1 to 63 letters, digits, '.', '_' or '-'"})
        made = None
        with self._ports.store.write() as tx:
            enrollment = tx.agents.enrollment(digest(token))
            good = enrollment is not None and enrollment.used_at is None and enrollment.expires_at > now
            if enrollment and good and tx.agents.use_enrollment(enrollment.id, id := new_id(now), now):
                agent = Agent(id, _free(tx, name), digest(value), version, now, enrollment.created_by)
                found = self._hand_over(tx, enrollment, agent, ip)
                self._record_enrollment(tx, agent, found, ip)
                made = EnrolledAgent(agent, value, tuple(one.name for one in found))
        if made:
            left = {f"agent-{one.agent}" for one in found if one.agent}
            self._ports.notifier.notify({topic for one in found for topic in topics(one)} | left)
            return made
        entry = NewAuditEntry(replace(UNKNOWN, ip=ip), "agent.enroll.refused", "enrollment:unknown")
        refused(self._ports, ip or "", entry)
        raise NotAuthenticated(UNUSABLE)

    def _hand_over(
        self, tx: Transaction, enrollment: Enrollment, agent: Agent, ip: str | None
    ) -> tuple[Environment, ...]:
        """Assign the token's environments to the agent, except those deleted or moved to the server since."""
        found = []
        for name in enrollment.environments:
            try:
                environment = tx.environments.get(name)
            except EnvironmentNotFound:
                continue
            if environment.runs_on is RunsOn.AGENT:
                found.append(environment)
        tx.agents.add(agent, [one.id for one in found])
        tx.agents.heard(agent.id, agent.enrolled_at, ip, listening=False)
        return tuple(found)

    @staticmethod
    def _record_enrollment(tx: Transaction, agent: Agent, environments: Sequence[Environment], ip: str | None) -> None:
        now = agent.enrolled_at
        data = {"name": agent.name, "version": agent.version, "environments": [one.name for one in environments]}
        tx.audit.append(now, NewAuditEntry(named(agent.name, ip), "agent.enroll", f"agent:{agent.id}", data))
        tx.ledger.append(now, [about(one, AgentEnrolled(agent.id, agent.name)) for one in environments])

    def revoke(self, id: str, actor: Actor) -> None:
        """End an agent at once; its environments read Unknown from now on. Raises AgentNotFound."""
        now = self._ports.clock.now()
        with self._ports.store.write() as tx:
            agent = tx.agents.get(id, lock=True)
            if agent.revoked_at:
                return
            tx.agents.save(replace(agent, revoked_at=now, revoked_by=str(actor), next_hash=None))
            names = tx.agents.environments(id)
            data = {"name": agent.name, "environments": sorted(names.values())}
            tx.audit.append(now, NewAuditEntry(actor, "agent.revoke", f"agent:{id}", data))
            revoked = AgentWasRevoked(id, agent.name, by=actor)
            tx.ledger.append(now, [NewEvent(revoked, name, key) for key, name in names.items()])
        self._ports.notifier.notify(("ledger", f"agent-{id}", *(f"environment-{name}" for name in names.values())))

    def rotate(self, agent: Agent, ip: str | None) -> str:
        """The agent's next credential; the present one ends when it is first used."""
        now, value = self._ports.clock.now(), CREDENTIAL + secrets.token_urlsafe(32)
        with self._ports.store.write() as tx:
            current = tx.agents.get(agent.id, lock=True)
            tx.agents.save(replace(current, next_hash=digest(value)))
            entry = NewAuditEntry(named(agent.name, ip), "agent.credential.next", f"agent:{agent.id}")
            tx.audit.append(now, entry)
        return value


def _free(tx: Transaction, name: str) -> str:
    """A name that no other agent has, so that the audit log means one of them."""
    taken = {one.name for one in tx.agents.all()}
    names = (name, *(f"{name[:58]}-{number}" for number in range(2, 10_000)))
    return next(one for one in names if one not in taken)
