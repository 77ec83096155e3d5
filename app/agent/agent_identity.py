"""An agent's identity: its server, its id and its credential, in one private file that is replaced as a whole."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from pathlib import Path

NAME = "agent.json"


@dataclass(frozen=True, slots=True)
class AgentIdentity:
    """`next`: a credential that was handed out and is not proven yet; until it is, the present one is kept."""

    server: str
    id: str
    name: str
    credential: str
    rotated_at: str
    next: str = ""
    ca_file: str = ""

    def candidates(self) -> tuple[str, ...]:
        """Credentials in the order in which they are to be tried."""
        return (self.next, self.credential) if self.next else (self.credential,)


class IdentityFile:
    """The identity file, safe for threads. Every change is on the disk before it is used."""

    def __init__(self, folder: Path) -> None:
        self._path, self._turn = folder / NAME, threading.Lock()
        self._now: AgentIdentity | None = None

    @property
    def exists(self) -> bool:
        """Whether this directory holds an enrolled agent."""
        return self._path.exists()

    def read(self) -> AgentIdentity:
        """The stored identity. Raises FileNotFoundError, ValueError."""
        with self._turn:
            if self._now is None:
                given = json.loads(self._path.read_text("utf-8"))
                known = {one.name for one in fields(AgentIdentity)}
                self._now = AgentIdentity(**{name: value for name, value in given.items() if name in known})
            return self._now

    def write(self, identity: AgentIdentity) -> None:
        """Replace the file atomically: after a crash it holds the old identity or the new one."""
        with self._turn:
            self._write(identity)

    def _write(self, identity: AgentIdentity) -> None:
        part = self._path.with_name(NAME + ".part")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(asdict(identity), file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        self._now = identity

    def offer(self, credential: str) -> None:
        """Keep a new credential beside the present one, which stays until the new one is proven."""
        now = self.read()
        self.write(replace(now, next=credential))

    def proven(self, credential: str, at: datetime) -> None:
        """Note that the control plane accepted a credential; the new one then replaces the old one."""
        now = self.read()
        if credential == now.next:
            self.write(replace(now, credential=credential, next="", rotated_at=at.isoformat()))
