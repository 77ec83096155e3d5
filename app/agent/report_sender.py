"""The sender of reports (in order, once each) and answers; it also rotates the credential."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from app.agent.agent_identity import IdentityFile
from app.agent.clocks import BootClock, Offset
from app.agent.control_plane_connection import Answer, ConnectionFailed, ControlPlaneConnection
from app.agent.session import ControlPlaneSession
from app.domain.agents.protocol import Report, ReportKind
from app.domain.agents.wire import decode, encode
from app.domain.environment import RunsOn
from app.domain.errors import Problem
from app.ports import AgentStore, AgentTransaction, EnvironmentFilter

BATCH, SIZE = 200, 600_000  # reports of one request, and characters of their data
VERSION = "assignment"  # the note of the version of the assignment that we have
KEPT = timedelta(weeks=6)  # how long a report may wait
ROTATION = timedelta(hours=24)
TOO_LARGE, CONFLICT, GONE = 413, 409, 404
log = logging.getLogger("link")


class ReportSender:
    """Sends the outbox's reports and the answers to questions."""

    def __init__(
        self,
        identity: IdentityFile,
        store: AgentStore,
        contact: ControlPlaneSession,
        offset: Offset,
        line: ControlPlaneConnection,
    ) -> None:
        self._identity, self._store, self._contact = identity, store, contact
        self._offset, self._line, self._clock = offset, line, BootClock()
        self._batch, self._sure = BATCH, False
        self._looked = datetime.min.replace(tzinfo=UTC)

    def send(self) -> bool:
        """Send one request of waiting reports; True if there may be more. After a failure, get the position first."""
        if not self._sure:
            self._ask_where()
        self._sure = False
        more = self._send()
        self._sure = True
        return more

    def _send(self) -> bool:
        self._look_after()
        self._answer()
        with self._store.unreported() as tx:
            reports = tx.outbox.page(self._batch, SIZE) if tx.outbox.size() else ()
        return bool(reports) and self._deliver(reports)

    def _deliver(self, reports: tuple[Report, ...]) -> bool:
        now, (offset, error) = self._clock(), self._offset.best()
        body = {
            "sent_at": encode(now.at),
            "mono_s": round(now.mono_s, 6),
            "boot": now.boot,
            "offset_s": round(offset, 6),
            "offset_error_s": error,
            "reports": [encode(one) for one in reports],
        }
        answer = self._contact.request(self._line, "POST", "/agents/self/reports", body)
        if answer.good:
            self._taken(answer, reports)
        elif answer.status == TOO_LARGE:
            self._smaller(reports, answer.detail)
        elif answer.status == CONFLICT:
            log.warning("reports were refused", extra={"reason": answer.detail})
            if not self._ask_where():
                raise ConnectionFailed(answer.detail)
        else:
            raise ConnectionFailed(answer.detail)
        return True

    def _taken(self, answer: Answer, reports: tuple[Report, ...]) -> None:
        through = int(answer.data.get("through") or 0)
        self._measure(answer)
        if through < reports[0].seq:
            raise ConnectionFailed("the control plane took none of the reports")
        with self._store.unreported() as tx:
            tx.outbox.confirm(min(through, reports[-1].seq))
        self._batch = BATCH
        for one in answer.data.get("refused") or ():
            log.warning("a report was refused", extra={"report": dict(one)})

    def _smaller(self, reports: tuple[Report, ...], detail: str) -> None:
        """Halve the batch; leave out a single report that is too large, and report that."""
        if len(reports) > 1:
            self._batch = max(1, len(reports) // 2)
            return
        one = reports[0]
        log.error("a report is too large and is left out", extra={"kind": one.kind.value, "problem": detail})
        data = {"kind": one.kind.value, "environment": one.environment, "reason": detail}
        with self._store.unreported() as tx:
            tx.outbox.leave_out(one.seq)
            self._report_audit(tx, one.environment, "agent.report_left_out", data)

    def _ask_where(self) -> bool:
        """Ask for the control plane's position in the chain and its time; True if our position changed."""
        with self._store.read() as tx:
            known, after = tx.notes.get(VERSION) or "", tx.command_inbox.last()
        path = f"/agents/self/assignment?known={known}&after={after}&wait_s=0"
        answer = self._contact.request(self._line, "GET", path)
        if not answer.good:
            raise ConnectionFailed(answer.detail)
        self._measure(answer)
        return self._agree(answer.data)

    def _agree(self, position: Mapping[str, Any]) -> bool:
        """Find the control plane's position in our chain, or go on from it."""
        through, hash = int(position.get("reported") or 0), str(position.get("chain") or "")
        with self._store.unreported() as tx:
            if tx.outbox.position() == (through, hash):
                return False
            if tx.outbox.known(through, hash):
                tx.outbox.confirm(through)
                return True
            before = tx.outbox.position()
            waiting = tx.outbox.rebase(through, hash)
            log.warning("the chain of reports goes on from elsewhere", extra={"ours": before[0], "theirs": through})
            data = {"ours": before[0], "theirs": through, "waiting": waiting}
            self._report_audit(tx, self._first(tx), "agent.chain_renewed", data)
        return True

    def _measure(self, answer: Answer) -> None:
        """Measure the clocks' offset with an answer that was given at once."""
        try:
            theirs = decode(datetime, answer.data.get("server_time"), "server_time")
        except Problem:
            return
        self._offset.measured(answer.sent_s, answer.received_s, theirs)

    def _answer(self) -> None:
        with self._store.read() as tx:
            waiting = tx.command_inbox.answers()
        for one in waiting:
            body = {"command": one.seq, **(one.answer or {})}
            answer = self._contact.request(self._line, "POST", "/agents/self/answers", body)
            if not answer.good:
                log.warning("an answer was not wanted", extra={"command": one.seq, "reason": answer.detail})
            with self._store.unreported() as tx:
                tx.command_inbox.answer_sent(one.seq)

    # --- now and then ---
    def _look_after(self) -> None:
        now = self._clock().at
        if abs(now - self._looked) < timedelta(minutes=10):
            return
        self._looked = now
        who = self._identity.read()
        if abs(now - datetime.fromisoformat(who.rotated_at)) >= ROTATION:
            self._rotate()
        with self._store.unreported() as tx:
            gone = tx.outbox.cut(now - KEPT)
            if gone:
                log.error("reports waited too long and are forgotten", extra={"reports": gone})
                self._report_audit(tx, self._first(tx), "agent.reports_forgotten", {"reports": gone})

    def _rotate(self) -> None:
        """Request a new credential and store it before its use; the present one stays until the new one is accepted."""
        answer = self._contact.request(self._line, "POST", "/agents/self/credential", {})
        credential = answer.data.get("credential")
        if answer.good and isinstance(credential, str) and credential:
            self._identity.offer(credential)
            log.info("a new credential is in use")

    def _first(self, tx: AgentTransaction) -> int:
        rows = tx.environments.page(EnvironmentFilter(), self._clock().at, 1000, None).items
        return min((one.environment.id for one in rows if one.environment.runs_on is RunsOn.AGENT), default=0)

    def _report_audit(self, tx: AgentTransaction, environment: int, action: str, data: Mapping[str, Any]) -> None:
        """Report an audit entry about the agent itself, through one of its environments."""
        if environment:
            entry = {"action": action, "object": "agent:self", "data": dict(data), "by": "system:agent"}
            now = self._clock()
            tx.outbox.put(now.at, now.mono_s, now.boot, environment, ReportKind.AUDIT, entry)
