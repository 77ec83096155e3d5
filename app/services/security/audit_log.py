"""The audit log as people use it: export, verification, signed checkpoints."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

from app.domain.audit import AuditEntry, Verification, verify
from app.ports import AuditFilter, Checkpoint, Ports, Signing

COLUMNS = ("seq", "at", "actor", "action", "object", "data", "ip", "prev_hash", "hash")


class AuditLog:
    """Reads and seals the log."""

    def __init__(self, ports: Ports, signing: Signing) -> None:
        self._ports = ports
        self._signing = signing

    def export(self, format: str, where: AuditFilter | None = None) -> Iterator[str]:
        """The log, oldest first, as lines of JSON or CSV."""
        if format == "csv":
            yield _csv(COLUMNS)
        with self._ports.store.read() as tx:
            for entry in tx.audit.walk(where):
                yield _csv_entry(entry) if format == "csv" else _json_line(entry)

    def verify_stored(self) -> Verification:
        """Walk the stored chain, and hold it against the signed checkpoints."""
        with self._ports.store.read() as tx:
            seals = {one.seq: one for one in tx.audit.checkpoints()}
            seen: dict[int, str] = {}
            result = verify(_noting(tx.audit.walk(), seals, seen))
        return self._sealed(result, seals, seen) if result.valid else result

    def _sealed(self, result: Verification, seals: dict[int, Checkpoint], seen: dict[int, str]) -> Verification:
        for seq, seal in seals.items():
            problem = ""
            if seq not in seen:
                problem = f"entry {seq} was removed: a signed checkpoint knows it"
            elif seen[seq] != seal.hash:
                problem = f"entry {seq} or one before it was rewritten: it does not match its signed checkpoint"
            elif not self._signing.verify(seal.public_key, _message(seal.seq, seal.hash), seal.signature):
                problem = f"the checkpoint at entry {seq} was forged: its signature does not match"
            if problem:
                return Verification(False, result.entries, min(seq, result.entries + 1), problem, result.head)
        return result

    def checkpoint(self) -> Checkpoint | None:
        """Sign the chain's head, if it moved since the last time."""
        with self._ports.store.write() as tx:
            head, seals = tx.audit.head(), tx.audit.checkpoints()
            if head is None or (seals and seals[-1].seq == head.seq):
                return None
            signature = self._signing.sign(_message(head.seq, head.hash))
            made = Checkpoint(head.seq, head.hash, self._ports.clock.now(), signature, self._signing.public_key)
            tx.audit.add_checkpoint(made)
            return made


def _message(seq: int, hash: str) -> bytes:
    return f"{seq}:{hash}".encode()


def _noting(
    entries: Iterator[AuditEntry], seals: dict[int, Checkpoint], seen: dict[int, str]
) -> Iterator[dict[str, object]]:
    for entry in entries:
        if entry.seq in seals:
            seen[entry.seq] = entry.hash
        yield entry.as_dict()


def _json_line(entry: AuditEntry) -> str:
    return json.dumps(entry.as_dict(), separators=(",", ":"), ensure_ascii=True) + "\n"


def _csv_entry(entry: AuditEntry) -> str:
    values = entry.as_dict()
    values["data"] = json.dumps(values["data"], separators=(",", ":"), sort_keys=True)
    values["ip"] = "" if entry.ip is None else entry.ip
    return _csv(tuple(values[name] for name in COLUMNS))


def _csv(values: tuple[object, ...]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(values)
    return line.getvalue()
