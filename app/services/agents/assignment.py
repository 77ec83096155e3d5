"""An agent's assignment: the specification and the seed state of each of its environments, and its commands."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.domain.agents.protocol import Agent, Command
from app.domain.agents.wire import encode
from app.domain.audit import timestamp
from app.domain.environment import Environment
from app.domain.errors import AgentRevoked
from app.domain.specification.environment_fields import as_dict
from app.ports import Ports, Transaction

SEEDED = 50  # history items in the assignment of a new agent


@dataclass(frozen=True, slots=True)
class AssignmentReply:
    """The answer to an agent's long poll; `any`: it holds news, so that the poll ends at once."""

    payload: Mapping[str, Any]
    any: bool


class AssignmentService:
    """Computes agents' assignments."""

    def __init__(self, ports: Ports, version: str) -> None:
        self._ports = ports
        self._version = version

    def news(self, id: str, known: str, after: int) -> AssignmentReply:
        """The news since version `known` and command `after`, which confirms earlier commands. Raises AgentRevoked."""
        with self._ports.store.read() as tx:
            agent = tx.agents.get(id)
            if agent.revoked_at:
                raise AgentRevoked()
            commands = tx.agents.commands(id, 0)
            assigned = tx.agents.assigned(id)
            version = _version(assigned)
            environments = None if version == known else [self._assignment(tx, one) for one in assigned]
        if any(one.seq <= after for one in commands):
            with self._ports.store.write() as tx:
                tx.agents.take(id, after)
                commands = tx.agents.commands(id, after)
        return self._news(agent, version, environments, [_command(one) for one in commands])

    def _news(
        self, agent: Agent, version: str, environments: list[dict[str, Any]] | None, commands: list[dict[str, Any]]
    ) -> AssignmentReply:
        payload = {
            "version": version,
            "environments": environments,
            "commands": commands,
            "reported": agent.reported,
            "chain": agent.chain,
            "server_time": timestamp(self._ports.clock.now()),
            "server_version": self._version,
        }
        return AssignmentReply(payload, environments is not None or bool(commands))

    def _assignment(self, tx: Transaction, id: int) -> dict[str, Any]:
        environment = tx.environments.by_id(id)
        return {
            "id": id,
            "specification": as_dict(environment),
            "version": environment.version,
            "hold": encode(environment.hold),
            "seed": _seed(tx, environment),
        }


def _seed(tx: Transaction, environment: Environment) -> dict[str, Any]:
    names = ("revision", "subject", "author", "live_since", "last_good", "files", "health")
    return {
        **{name: encode(getattr(environment.status, name)) for name in names},
        "bad": encode(tx.history.bad(environment.id)),
        "history": encode(tx.history.page(environment.id, SEEDED, None).items[::-1]),
        "episode": encode(tx.episodes.current(environment.id)),
    }


def _command(one: Command) -> dict[str, Any]:
    return {
        "seq": one.seq,
        "environment": one.environment_id,
        "kind": one.kind.value,
        "data": dict(one.data),
        "issued_at": timestamp(one.issued_at),
        "expires_at": timestamp(one.expires_at),
    }


def _version(assigned: Mapping[int, int]) -> str:
    text = ",".join(f"{id}:{version}" for id, version in assigned.items())
    return hashlib.sha256(text.encode()).hexdigest()[:16]
