"""The link to the control plane: news and commands one way, reports and answers the other, each in a thread."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.agent.agent_identity import IdentityFile
from app.agent.clocks import Offset
from app.agent.control_plane_connection import Answer, ConnectionClosed, ConnectionFailed, ControlPlaneConnection
from app.agent.report_sender import VERSION, ReportSender
from app.agent.session import Backoff, ControlPlaneSession, Refused, SessionState
from app.domain.agents.protocol import LISTEN_S, QUESTIONS, Command, CommandKind
from app.domain.agents.wire import decode
from app.domain.errors import OperationInProgress, Problem
from app.notifications import InProcessNotifier
from app.ports import AgentStore
from app.services.agent_side.assignments import Assignments
from app.services.agent_side.command_executor import ORDERED_KINDS, CommandExecutor

REFUSED_S = 60.0  # how long a revoked agent, or one of another version, waits before it asks again
log = logging.getLogger("link")


@dataclass(frozen=True, slots=True)
class AgentWork:
    """The agent's handlers: they apply assignments, carry commands out, and poll a repository."""

    assignments: Assignments
    executor: CommandExecutor
    poll: Callable[[str, str | None], None]


class Link:
    """The threads that exchange assignments, commands, answers and reports with the control plane."""

    def __init__(
        self,
        identity: IdentityFile,
        store: AgentStore,
        contact: ControlPlaneSession,
        bus: InProcessNotifier,
        offset: Offset,
        work: AgentWork,
        seconds: Callable[[], float],
    ) -> None:
        who = identity.read()
        self._store, self._contact, self._bus, self._offset = store, contact, bus, offset
        self._assignments, self._executor, self._poll = work.assignments, work.executor, work.poll
        self._news_line = ControlPlaneConnection(who.server, who.ca_file, seconds)
        self._report_line = ControlPlaneConnection(who.server, who.ca_file, seconds)
        self._sender = ReportSender(identity, store, contact, offset, self._report_line)
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start a thread each for assignments, for reports, for commands and for questions."""
        loops: Mapping[str, Callable[[], None]] = {
            "news": self._listen,
            "reports": self._send_reports,
            "deeds": lambda: self._do(ORDERED_KINDS),
            "questions": lambda: self._do(QUESTIONS),
        }
        for name, loop in loops.items():
            thread = threading.Thread(target=loop, name=name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def quit(self) -> None:
        """Close the connections and take no new command. Safe to call more than once."""
        self._stopping.set()
        self._news_line.hang_up()
        self._report_line.hang_up()
        self._bus.notify(("outbox", "orders", "answers"))

    def stop(self, timeout_s: float) -> None:
        """Quit, and wait for the threads a moment; unfinished work is repeated at the next start."""
        self.quit()
        for thread in self._threads:
            thread.join(timeout_s / len(self._threads))
        self._news_line.close()
        self._report_line.close()

    # --- news ---
    def _listen(self) -> None:
        backoff, settled = Backoff(), True
        while not self._stopping.is_set():
            wait_s = LISTEN_S if self._contact.standing is SessionState.CONNECTED and settled else 0.0
            try:
                settled = self._news(wait_s)
                backoff.reset()
                pause = 0.0 if settled else 1.0
            except ConnectionClosed:
                pause = 0.0
            except ConnectionFailed:
                pause = backoff.pause()
            except Refused:
                pause = backoff.pause(REFUSED_S)
            except Exception:
                log.exception("news could not be taken")
                pause = backoff.pause()
            if pause:
                self._stopping.wait(pause)

    def _news(self, wait_s: float) -> bool:
        """Poll for the assignment and commands once; False if the assignment cannot be applied yet."""
        with self._store.read() as tx:
            known, after = tx.notes.get(VERSION) or "", tx.command_inbox.last()
        path = f"/agents/self/assignment?known={known}&after={after}&wait_s={wait_s:g}"
        answer = self._contact.request(self._news_line, "GET", path, timeout_s=wait_s + 15)
        if not answer.good:
            raise ConnectionFailed(answer.detail)
        self._bus.notify(("outbox",))
        settled = self._assigned(answer)
        self._commanded(answer.data.get("commands") or (), after)
        return settled

    def _assigned(self, answer: Answer) -> bool:
        given = answer.data.get("environments")
        if given is None:
            return True
        try:
            repositories = self._assignments.take(given)
        except OperationInProgress:
            return False
        with self._store.unreported() as tx:
            tx.notes.put(VERSION, answer.data.get("version"))
        for url, credential in repositories:
            self._poll(url, credential)
        return True

    def _commanded(self, given: Sequence[Mapping[str, Any]], after: int) -> None:
        """Store commands; the next poll acknowledges them."""
        if not given:
            return
        known = [command for one in given if (command := _command(one))]
        with self._store.unreported() as tx:
            tx.command_inbox.take(known, max(after, *(int(one["seq"]) for one in given)))
        self._bus.notify(("orders",))

    # --- deeds ---
    def _do(self, kinds: tuple[CommandKind, ...]) -> None:
        while not self._stopping.is_set():
            seen = self._bus.count("orders")
            try:
                more = self._contact.standing is not SessionState.REVOKED and self._executor.next(kinds)
            except Exception:
                log.exception("commands could not be read")
                more = False
            if not more:
                self._bus.wait("orders", seen, 30.0)
            elif kinds is QUESTIONS:
                self._bus.notify(("outbox",))

    # --- reports ---
    def _send_reports(self) -> None:
        backoff = Backoff()
        while not self._stopping.is_set():
            seen = self._bus.count("outbox")
            try:
                more = self._sender.send()
                backoff.reset()
            except ConnectionClosed:
                more = True
            except (ConnectionFailed, Refused):
                self._stopping.wait(backoff.pause())
                continue
            except Exception:
                log.exception("reports could not be sent")
                self._stopping.wait(backoff.pause(1.0))
                continue
            if not more:
                self._bus.wait("outbox", seen, 5.0)


def _command(given: Mapping[str, Any]) -> Command | None:
    """A command, or None for one that only a newer control plane knows, or that cannot be read."""
    try:
        return Command(
            int(given["seq"]), int(given["environment"]), CommandKind(given["kind"]), dict(given["data"]),
            decode(datetime, given["issued_at"], "issued_at"), decode(datetime, given["expires_at"], "expires_at"),
        )  # fmt: skip
    except (Problem, ValueError, KeyError, TypeError) as error:
        log.error("a command cannot be understood", extra={"command": given.get("seq"), "problem": str(error)[:200]})
        return None
