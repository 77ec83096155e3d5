"""Authenticates agents' requests and records each agent's last request, version and credential."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta

from app.domain.actor import agent as named
from app.domain.agents.protocol import Agent, compatible
from app.domain.audit import NewAuditEntry
from app.domain.errors import AgentRevoked, NotAuthenticated, VersionSkew
from app.domain.events import NewEvent
from app.domain.events.agent_events import AgentHeard, AgentSilent
from app.ports import Ports, Transaction
from app.services.agents.refusals import UNKNOWN, refused

NOTED_EVERY = timedelta(seconds=5)  # signs of life are written at most this often


def digest(secret: str) -> str:
    """The hash under which a token or credential is stored. Both hold 256 random bits, so a fast hash is enough."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


class Admission:
    """Authenticates agents. `version` is this program's."""

    def __init__(self, ports: Ports, version: str) -> None:
        self._ports = ports
        self.version = version

    def check_version(self, version: str) -> None:
        """Raises VersionSkew where server and agent are more than one minor version apart."""
        if not compatible(version, self.version):
            shown = version[:40] or "of no version"
            raise VersionSkew(
                f"The server is {self.version} and the agent {shown}; they may be one minor version apart. "
                "Upgrade the older one."
            )

    def knows(self, credential: str) -> bool:
        """Whether an agent that is not revoked has this credential. Notes nothing."""
        with self._ports.store.read() as tx:
            agent = tx.agents.by_credential(digest(credential))
        return agent is not None and not agent.revoked_at

    def admit(self, credential: str, version: str, ip: str | None, *, listening: bool = False) -> Agent:
        """The agent whose credential this is; `listening`: it asks for commands. Raises NotAuthenticated, AgentRevoked,
        VersionSkew."""
        hashed = digest(credential)
        with self._ports.store.read() as tx:
            agent = tx.agents.by_credential(hashed)
        if agent is None:
            refused(self._ports, ip or "", NewAuditEntry(replace(UNKNOWN, ip=ip), "agent.refused", str(UNKNOWN)))
            raise NotAuthenticated("The agent's credential is not valid.")
        if agent.revoked_at:
            refused(self._ports, agent.id, NewAuditEntry(named(agent.name, ip), "agent.refused", f"agent:{agent.id}"))
            raise AgentRevoked()
        self.check_version(version)
        return self._note(agent, hashed, version, ip, listening)

    def _note(self, agent: Agent, hashed: str, version: str, ip: str | None, listening: bool) -> Agent:
        now = self._ports.clock.now()
        recent = agent.heard_at is not None and now - agent.heard_at < NOTED_EVERY
        changed = hashed == agent.next_hash or version != agent.version or agent.silent_at is not None
        if recent and not changed and not listening and ip == agent.address:
            return agent
        with self._ports.store.write() as tx:
            current = tx.agents.get(agent.id, lock=True)
            if current.revoked_at:
                raise AgentRevoked()
            if changed:
                current = self._change(tx, current, hashed, version, ip, now)
            tx.agents.heard(agent.id, now, ip, listening=listening)
        if agent.silent_at:
            self._ports.notifier.notify(("ledger",))
        return replace(current, heard_at=now, address=ip, listened_at=now if listening else current.listened_at)

    def left(self, agent: Agent) -> None:
        """Record that the agent's long poll ended. New commands are queued from now on."""
        if agent.listened_at is None:
            return
        with self._ports.store.write() as tx:
            gone = tx.agents.left(agent.id, agent.listened_at)
            names = tx.agents.environments(agent.id) if gone else {}
        self._ports.notifier.notify(tuple(f"environment-{name}" for name in names.values()))

    def _change(self, tx: Transaction, agent: Agent, hashed: str, version: str, ip: str | None, now: datetime) -> Agent:
        if hashed == agent.next_hash:
            agent = replace(agent, credential_hash=hashed, next_hash=None, rotated_at=now)
            entry = NewAuditEntry(named(agent.name, ip), "agent.credential.rotated", f"agent:{agent.id}")
            tx.audit.append(now, entry)
        if agent.silent_at:
            tx.ledger.append(now, returned(tx, agent))
        after = replace(agent, version=version, silent_at=None)
        tx.agents.save(after)
        return after

    def still(self, id: str) -> None:
        """Raises AgentRevoked where the agent was revoked meanwhile."""
        with self._ports.store.read() as tx:
            if tx.agents.get(id).revoked_at:
                raise AgentRevoked()


def returned(tx: Transaction, agent: Agent) -> list[NewEvent]:
    """The events for an agent that makes requests again, one for each of its environments."""
    names = tx.agents.environments(agent.id)
    return [NewEvent(AgentHeard(agent.id, agent.name), name, id) for id, name in names.items()]


class SilenceMonitor:
    """Records agents that make no requests any more."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def look(self) -> int:
        """Record each silent agent in the ledger, once per silence; returns the number of agents."""
        now = self._ports.clock.now()
        with self._ports.store.read() as tx:
            if not tx.agents.silent(now):
                return 0
        with self._ports.store.write() as tx:
            silent = tx.agents.silent(now)
            names = {name for agent in silent for name in self._record_silence(tx, agent, now)}
        self._ports.notifier.notify(("ledger", *(f"environment-{name}" for name in sorted(names))))
        return len(silent)

    def _record_silence(self, tx: Transaction, agent: Agent, now: datetime) -> tuple[str, ...]:
        tx.agents.save(replace(agent, silent_at=now))
        names = tx.agents.environments(agent.id)
        silent = AgentSilent(agent.id, agent.name, agent.heard_at.isoformat() if agent.heard_at else "")
        tx.ledger.append(now, [NewEvent(silent, name, id) for id, name in names.items()])
        return tuple(names.values())
