"""Local commands of this machine's administrator; they work without the control plane, except for enrollment."""

from __future__ import annotations

import os
import pwd
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.agent.agent_identity import AgentIdentity, IdentityFile
from app.agent.agent_runtime import AgentAdapters, alone, parts, private_folder
from app.agent.agent_settings import read
from app.agent.control_plane_connection import ConnectionFailed, ControlPlaneConnection, checked
from app.agent.session import SessionState, noted
from app.domain.actor import Actor, ActorKind
from app.domain.agents.protocol import FIRST_HASH
from app.domain.errors import InvalidInput, NotPermitted, Problem, Temporary
from app.domain.operation import Operation
from app.domain.status import SyncStatus
from app.services.agent_side.assignments import Assignments
from app.services.environments.rollback import RollbackWish
from app.store import open_engine, upgrade

LOOK_S = 0.1
Json = dict[str, Any]


class NotEnrolled(Problem):
    """There is no agent in this directory; enroll it first."""


class ServerAway(Temporary):
    """The control plane cannot be reached."""


def actor() -> Actor:
    """The person who runs the command on this machine."""
    return Actor(ActorKind.LOCAL, pwd.getpwuid(os.getuid()).pw_name)


def opened(data_dir: Path) -> AgentAdapters:
    """The agent's parts. Raises NotEnrolled."""
    settings = read(data_dir)
    if not IdentityFile(settings.folder).exists:
        raise NotEnrolled(f"There is no agent in {settings.folder}; enroll it first.")
    private_folder(settings)
    _upgrade(settings.database)
    return parts(settings)


def _upgrade(database: Path) -> None:
    engine = open_engine(f"sqlite:///{database}", small=True)
    upgrade(engine)
    engine.dispose()


def enroll(
    server: str, token: str, data_dir: Path, name: str = "", ca_file: str = "", *, plain: bool = False
) -> Mapping[str, Any]:
    """Turn a one-time token into an agent; the answer of the control plane, without the credential.

    Raises InvalidInput, NotPermitted (the directory holds an agent, or the token is not good), ServerAway.
    """
    settings, address = read(data_dir), checked(server, plain=plain)
    if not token:
        raise InvalidInput(fields={"token": "is missing: give --token or set PUSHPULL_ENROLLMENT_TOKEN"})
    if ca_file and not Path(ca_file).is_file():
        raise InvalidInput(fields={"ca_file": f"{ca_file} is no file"})
    private_folder(settings)
    identity = IdentityFile(settings.folder)
    if identity.exists and _wanted(settings.folder):
        raise NotPermitted(f"{settings.folder} holds an agent already; revoke it first, or choose another directory.")
    _upgrade(settings.database)
    given, called = _token_used(address, token, ca_file, name or os.uname().nodename)
    now = datetime.now(UTC).isoformat()
    trusted = str(Path(ca_file).absolute()) if ca_file else ""
    identity.write(AgentIdentity(address, given["id"], called, given["credential"], now, "", trusted))
    _begin(parts(settings))
    return {key: value for key, value in given.items() if key != "credential"}


def _wanted(folder: Path) -> bool:
    """Whether the data directory holds an agent that was not revoked."""
    return noted(parts(read(folder)).store)[0] is not SessionState.REVOKED


def _token_used(server: str, token: str, ca_file: str, name: str) -> tuple[Mapping[str, Any], str]:
    from app import __version__

    line = ControlPlaneConnection(server, ca_file)
    try:
        answer = line.request("POST", "/agents", token, {"name": name, "version": __version__})
    except ConnectionFailed as down:
        raise ServerAway(f"{server} cannot be reached ({down}).") from None
    finally:
        line.close()
    if not answer.good:
        raise NotPermitted(f"The server refused: {answer.detail}")
    if not isinstance(answer.data.get("credential"), str):
        raise NotPermitted(f"{server} is no PushPull server that knows agents.")
    return answer.data, name


def _begin(made: AgentAdapters) -> None:
    """Start a new chain of reports, also in the store of an agent that was revoked."""
    with made.store.unreported() as tx:
        tx.outbox.rebase(0, FIRST_HASH)
        tx.command_inbox.restart()
        for note, value in (("contact", {}), ("assignment", "")):
            tx.notes.put(note, value)
    made.store.close()


def status(data_dir: Path) -> Json:
    """The agent's environments, the number of waiting reports, and when the control plane answered last."""
    made = opened(data_dir)
    who, now = IdentityFile(made.settings.folder).read(), datetime.now(UTC)
    standing, heard, reason = noted(made.store)
    with alone(made.settings.folder) as free, made.store.read() as tx:
        waiting, oldest = tx.outbox.size(), tx.outbox.oldest()
    served = Assignments(made.use_cases.ports, made.store).mine()
    return {
        "name": who.name, "id": who.id, "server": who.server, "running": not free,
        "standing": standing.value, "reason": reason, "heard_at": heard.isoformat() if heard else None,
        "spool": {"reports": waiting, "oldest": oldest.isoformat() if oldest else None,
                  "bytes": sum(one.stat().st_size for one in made.settings.folder.glob("pushpull.db*"))},
        "environments": [
            {"name": one.name, "sync": _shown(one.status.sync_at(now)), "health": one.status.health.value,
             "revision": one.status.revision, "subject": one.status.subject, "message": str(one.status.condition),
             "checked_at": one.status.checked_at.isoformat() if one.status.checked_at else None,
             "held_by": one.hold.owner if one.hold else None}
            for one in served
        ],
    }  # fmt: skip


def _shown(sync: SyncStatus) -> str:
    return sync.value


def roll_back(data_dir: Path, environment: str, wish: RollbackWish, timeout_s: float) -> Operation:
    """Go back to a revision of the agent's own history and stay there; the operation at its end.

    A running agent carries it out; where none runs, this process does.
    """
    made = opened(data_dir)
    use_cases, until = made.use_cases, time.monotonic() + timeout_s
    asked = use_cases.rollback.back(environment, wish, actor())
    with alone(made.settings.folder) as free:
        if free:
            use_cases.queue.recover(None)
            _work_off(made, asked)
    while not (now := _operation(made, asked.id)).phase.final and time.monotonic() < until:
        time.sleep(LOOK_S)
    return now


def _work_off(made: AgentAdapters, asked: Operation) -> None:
    while not _operation(made, asked.id).phase.final:
        with made.store.write() as tx:
            claimed = tx.queue.claim(f"local-{os.getpid()}", made.clock().at)
        if claimed is None:
            return
        made.use_cases.reconciler.run(claimed)


def _operation(made: AgentAdapters, id: str) -> Operation:
    with made.store.read() as tx:
        return tx.operations.get(id)


def add_credential(data_dir: Path, name: str, kind: str, fields: Mapping[str, str]) -> None:
    """Store a credential, encrypted, on this machine only. Raises InvalidInput, CredentialExists."""
    opened(data_dir).use_cases.keyring.add(name, kind, fields, actor())


def credentials(data_dir: Path) -> list[Json]:
    """The stored credentials without their secrets."""
    with opened(data_dir).store.read() as tx:
        found = tx.credentials.page(1000, None).items
    return [{"name": one.name, "kind": one.kind, "created_at": one.created_at.isoformat(),
             "used_at": one.used_at.isoformat() if one.used_at else None} for one in found]  # fmt: skip


def remove_credential(data_dir: Path, name: str) -> None:
    """Delete a credential. Raises CredentialNotFound, CredentialInUse."""
    opened(data_dir).use_cases.keyring.remove(name, actor())
