"""Verification of the audit log against its own hashes and its signed checkpoints."""

from __future__ import annotations

from collections.abc import Iterator

from app.domain.audit import AuditEntry, Verification, verify
from app.ports import Checkpoint, Ports, Signing


class AuditLog:
    """Verifies the audit log and signs checkpoints."""

    def __init__(self, ports: Ports, signing: Signing) -> None:
        self._ports = ports
        self._signing = signing

    def verify_stored(self) -> Verification:
        """Verify the stored chain, and compare it with the signed checkpoints."""
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
