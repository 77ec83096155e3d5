"""The seam between what this process does and what an agent does: a use case asks here first, and goes on only where
the answer is that this process does the work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from app.domain.agents.protocol import COMMAND_LIFE, Agent, CommandKind, CommandState
from app.domain.agents.wire import encode
from app.domain.environment import Environment
from app.domain.errors import DeliveredByOthers
from app.domain.external import title_of
from app.domain.operation import Operation
from app.ports import Ports, Transaction

HOLD_LIFE = timedelta(days=30)  # a hold outlives its agent's absence: an agent that returns must not go on deploying
LIVES = {CommandKind.HOLD: HOLD_LIFE, CommandKind.RESUME: HOLD_LIFE, CommandKind.TERMINATE: HOLD_LIFE}
STARTS = (CommandKind.OPERATE, CommandKind.ROLLBACK)


def elsewhere(ports: Ports, environment: Environment) -> bool:
    """Whether an agent or another system works for the environment, and this process does not."""
    return environment.runs_on is not ports.here


def refuse_external(environment: Environment) -> None:
    """Raise DeliveredByOthers where another system does the work: nothing that a person asks for here reaches it."""
    if environment.external:
        raise DeliveredByOthers.by(environment.name, title_of(environment.external.system))


def relay(
    ports: Ports,
    tx: Transaction,
    environment: Environment,
    kind: CommandKind,
    data: Mapping[str, Any],
    operation: str | None = None,
) -> bool:
    """Hand a use case to the environment's agent; False where it is to be carried out here. The caller rings
    `topics(environment)` after the commit. Raises DeliveredByOthers."""
    refuse_external(environment)
    if not elsewhere(ports, environment):
        return False
    if kind is CommandKind.NUDGE and any(one.kind is kind for one in tx.agents.waiting(environment.id)):
        return True  # one poll serves all who asked for it
    now = ports.clock.now()
    tx.agents.send(environment.id, kind, encode(data), now, now + LIVES.get(kind, COMMAND_LIFE), operation)
    return True


def recalled(tx: Transaction, operation: Operation) -> bool:
    """Take the command back that starts an operation, if its agent has not taken it yet."""
    for command in tx.agents.waiting(operation.environment_id):
        if command.operation == operation.id and command.kind in STARTS:
            tx.agents.save_command(replace(command, state=CommandState.EXPIRED))
            return True
    return False


def waits_for(ports: Ports, tx: Transaction, environment: Environment) -> str:
    """The agent that a queued operation waits for, in words; "" if this process does the work."""
    if not elsewhere(ports, environment):
        return ""
    agent = tx.agents.of_environment(environment.id)
    if agent is None or agent.revoked_at:
        return "waits for its agent; none is enrolled for this environment"
    if agent.connected(ports.clock.now()):
        return f"waits for agent {agent.name}"
    return f"waits for agent {agent.name}, {last_heard(agent)}"


def last_heard(agent: Agent) -> str:
    """The time of an agent's last request, in words that stay true."""
    return f"last heard {agent.heard_at:%Y-%m-%d %H:%M:%S} UTC" if agent.heard_at else "never heard of yet"


def hold_data(environment: Environment) -> dict[str, Any]:
    """The payload of a command that sets a hold."""
    hold = environment.hold
    if hold is None:
        return {}
    details = {"owner": hold.owner, "reason": hold.reason, "expires_at": hold.expires_at}
    return {**details, "left_revision": hold.left_revision}
