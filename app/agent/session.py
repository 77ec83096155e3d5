"""The session with the control plane: its state, and the pauses between attempts."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

from app.agent.agent_identity import IdentityFile
from app.agent.control_plane_connection import Answer, ConnectionClosed, ConnectionFailed, ControlPlaneConnection
from app.ports import AgentStore, Clock

NOTE = "contact"
NOTED_EVERY_S = 30.0
FIRST_S, MOST_S = 0.5, 30.0  # pauses between attempts
REFUSED = ("not_authenticated", "agent_revoked")
SKEW = 426
log = logging.getLogger("link")
_CHANCE = random.Random()  # noqa: S311 - no secret; one of its own, so that no seed of others is moved


class SessionState(StrEnum):
    """`away`: nobody answers; `revoked`: the credential is no longer good; `skew`: the versions are too far apart."""

    NEW = "new"
    CONNECTED = "connected"
    AWAY = "away"
    REVOKED = "revoked"
    SKEW = "skew"


class Refused(Exception):
    """The control plane refuses this agent: it is revoked or of another version."""


class Backoff:
    """Growing pauses with jitter, so that agents do not reconnect all at once."""

    def __init__(self) -> None:
        self._next = FIRST_S

    def reset(self) -> None:
        """Start again with the shortest pause, after a success."""
        self._next = FIRST_S

    def pause(self, least_s: float = 0.0) -> float:
        """The next pause in seconds, at least `least_s`."""
        pause = max(least_s, self._next) * _CHANCE.uniform(0.5, 1.0)
        self._next = min(MOST_S, self._next * 2)
        return pause


class ControlPlaneSession:
    """Requests with the credential that is accepted, and the session's state by their answers.

    `changed` hears of a new standing, so that work stops for a revoked agent and goes on for one that is wanted again.
    """

    def __init__(
        self, identity: IdentityFile, store: AgentStore, clock: Clock, changed: Callable[[SessionState], None]
    ) -> None:
        self._identity, self._store, self._clock, self._changed = identity, store, clock, changed
        self._turn = threading.Lock()
        self._noted = float("-inf")
        self.standing = SessionState.NEW

    def request(
        self, line: ControlPlaneConnection, method: str, path: str, body: object = None, timeout_s: float = 30.0
    ) -> Answer:
        """Make a request and return the control plane's answer, good or not. Raises ConnectionFailed, Refused."""
        try:
            answer = self._tried(line, method, path, body, timeout_s)
        except ConnectionFailed as down:
            if not line.over and not isinstance(down, ConnectionClosed):
                self._stand(SessionState.AWAY, str(down))
            raise
        if answer.status >= 500 or (not answer.good and not answer.code):
            self._stand(SessionState.AWAY, answer.detail)
            raise ConnectionFailed(answer.detail)
        if answer.status == SKEW or answer.code == "version_skew":
            self._stand(SessionState.SKEW, answer.detail)
            raise Refused(answer.detail)
        self._stand(SessionState.CONNECTED, "")
        return answer

    def _tried(self, line: ControlPlaneConnection, method: str, path: str, body: object, timeout_s: float) -> Answer:
        """Try each credential in turn, and once more if another thread got a new one meanwhile."""
        tried: set[str] = set()
        answer = Answer(0)
        while left := [one for one in self._identity.read().candidates() if one not in tried]:
            tried.add(left[0])
            answer = line.request(method, path, left[0], body, timeout_s)
            if answer.code not in REFUSED:
                if answer.good:
                    self._identity.proven(left[0], self._clock.now())
                return answer
        self._stand(SessionState.REVOKED, answer.detail)
        raise Refused(answer.detail)

    def _stand(self, standing: SessionState, why: str) -> None:
        with self._turn:
            before, self.standing = self.standing, standing
            if before is not standing:
                self._log_state(standing, why)
            due = standing is SessionState.CONNECTED and self._clock.monotonic() - self._noted >= NOTED_EVERY_S
            if before is not standing or due:
                self._note(standing, why)
        if before is not standing:
            self._changed(standing)

    def _log_state(self, standing: SessionState, why: str) -> None:
        if standing is SessionState.REVOKED:
            log.critical("REVOKED by the control plane: nothing is delivered any more", extra={"reason": why})
        elif standing is SessionState.SKEW:
            log.error("the control plane is of another version; working on with what is known", extra={"reason": why})
        elif standing is SessionState.AWAY:
            log.warning("the control plane cannot be reached; working on without it", extra={"reason": why})
        else:
            log.info("connected to the control plane")

    def _note(self, standing: SessionState, why: str) -> None:
        self._noted = self._clock.monotonic()
        with self._store.unreported() as tx:
            before = tx.notes.get(NOTE) or {}
            now = self._clock.now().isoformat()
            heard = now if standing is SessionState.CONNECTED else before.get("heard_at")
            tx.notes.put(NOTE, {"standing": standing.value, "since": now, "heard_at": heard, "reason": why})


def noted(store: AgentStore) -> tuple[SessionState, datetime | None, str]:
    """The stored session state, the time of the control plane's last answer, and the reason."""
    with store.read() as tx:
        found = tx.notes.get(NOTE) or {}
    heard = datetime.fromisoformat(found["heard_at"]) if found.get("heard_at") else None
    return SessionState(found.get("standing", "new")), heard, str(found.get("reason", ""))
