"""Verification of the audit log against its own hashes, its checkpoints, and what is kept outside the database."""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Collection, Iterator

from app.domain.actor import Actor
from app.domain.audit import GENESIS, AuditEntry, NewAuditEntry, Verification, verify
from app.domain.errors import InvalidInput, NotFound
from app.ports import Checkpoint, HeadKeeper, KeptHead, Ports, Signing, Transaction

log = logging.getLogger("audit")
MEND = "If you restored the database from a backup, run 'pushpull audit accept-head' on the server."


class NothingKept:
    """Where no head is kept: on an agent, whose log goes to its server. Implements the port HeadKeeper."""

    def kept(self) -> tuple[KeptHead, ...]:
        return ()

    def note(self, seq: int, hash: str) -> None:
        pass

    def keep(self, heads: tuple[KeptHead, ...]) -> None:
        pass


class AuditLog:
    """Verifies the audit log and signs checkpoints. `anchor`: notes each checkpoint as well, away from here."""

    def __init__(self, ports: Ports, signing: Signing, heads: HeadKeeper, anchor: HeadKeeper | None = None) -> None:
        self._ports, self._signing, self._heads, self._anchor = ports, signing, heads, anchor or NothingKept()

    @property
    def fingerprint(self) -> str:
        """The signing key's fingerprint: SHA-256 of the public key, hex."""
        return fingerprint(self._signing.public_key)

    def last_kept(self) -> KeptHead | None:
        """The last entry that is kept outside the database; None where none is yet."""
        heads = [one for one in self._heads.kept() if one.kind != "key"]
        return max(heads, key=lambda one: one.seq, default=None)

    def verify_stored(self) -> Verification:
        """Verify the stored chain, and compare it with the signed checkpoints and with what is kept outside."""
        try:
            kept = (*self._heads.kept(), *self._anchor.kept())  # before the database is read: it only grows
        except OSError as away:
            return Verification(False, 0, 1, f"what is kept of the log elsewhere cannot be read: {away.strerror}")
        with self._ports.store.read() as tx:
            seals = tx.audit.checkpoints()
            seen: dict[int, str] = {}
            wanted = {one.seq for one in seals} | {one.seq for one in kept}
            result = verify(_noting(tx.audit.walk(), wanted, seen))
        if not result.valid:
            return result
        for seq, problem in (*self._against_kept(kept, seals, seen), *self._against_seals(kept, seals, seen)):
            return Verification(False, result.entries, max(1, min(seq, result.entries + 1)), problem, result.head)
        return result

    def _against_kept(
        self, kept: Collection[KeptHead], seals: Collection[Checkpoint], seen: dict[int, str]
    ) -> Iterator[tuple[int, str]]:
        signed = {one.seq for one in seals if one.public_key == self._signing.public_key}
        for one in kept:
            if one.kind == "key":
                continue
            if one.seq not in seen:
                yield one.seq, f"entry {one.seq} was removed: this server wrote it. {MEND}"
            elif seen[one.seq] != one.hash:
                yield one.seq, f"entry {one.seq} or one before it was rewritten: this server wrote another one. {MEND}"
            elif one.kind == "seal" and one.seq not in signed:
                yield one.seq, f"the checkpoint that this server signed at entry {one.seq} is gone or another. {MEND}"

    def _against_seals(
        self, kept: Collection[KeptHead], seals: Collection[Checkpoint], seen: dict[int, str]
    ) -> Iterator[tuple[int, str]]:
        known = {self.fingerprint, *(one.hash for one in kept if one.kind == "key"), *self._vouched(seals)}
        for seal in seals:
            if seal.seq not in seen:
                yield seal.seq, f"entry {seal.seq} was removed: a signed checkpoint knows it"
            elif seen[seal.seq] != seal.hash:
                text = f"entry {seal.seq} or one before it was rewritten: it does not match its signed checkpoint"
                yield seal.seq, text
            elif not self._signing.verify(seal.public_key, sealed(seal.seq, seal.hash), seal.signature):
                yield seal.seq, f"the checkpoint at entry {seal.seq} was forged: its signature does not match"
            elif fingerprint(seal.public_key) not in known:
                by = fingerprint(seal.public_key)[:16]
                yield seal.seq, f"the checkpoint at entry {seal.seq} is signed with another key, {by}. {MEND}"

    def _vouched(self, seals: Collection[Checkpoint]) -> set[str]:
        """Fingerprints of the keys that a server with our secret vouches for, also for its older checkpoints."""
        found = set()
        for key, voucher in {(one.public_key, one.voucher) for one in seals if one.voucher}:
            if hmac.compare_digest(self._signing.vouch(key).encode(), voucher.encode()):
                found.add(fingerprint(key))
        return found

    def checkpoint(self) -> Checkpoint | None:
        """Sign the chain's head, if it moved since the last time and continues what is kept outside the database."""
        kept = self._heads.kept()
        with self._ports.store.write() as tx:
            head, seals = tx.audit.head(), tx.audit.checkpoints()
            if head is None or not self._continues(tx, kept, seals):
                return None
            if seals and seals[-1].seq == head.seq:
                made = None
            else:
                made = self._sign(tx, head)
        if made:
            keys = tuple(one for one in kept if one.kind == "key")
            later = tuple(one for one in self._heads.kept() if one.kind == "head" and one.seq > made.seq)
            self._heads.keep((*keys, KeptHead(made.seq, made.hash, "seal"), *later))
            self._note_elsewhere(made)
        elif not kept:
            self._heads.note(head.seq, head.hash)
        return made

    def _note_elsewhere(self, made: Checkpoint) -> None:
        try:
            self._anchor.note(made.seq, made.hash)
        except OSError:
            log.exception("the audit log's head could not be noted in its anchor")

    def seal(self) -> Checkpoint:
        """The log's present end, signed, to go with an export. Raises NotFound where there is nothing to vouch for."""
        kept = self._heads.kept()
        with self._ports.store.read() as tx:
            head = tx.audit.head()
            if head is None or not self._continues(tx, kept, tx.audit.checkpoints()):
                raise NotFound("The audit log is empty, or is not what this server wrote: verify it.")
        return self._signed(head)

    def _sign(self, tx: Transaction, head: AuditEntry) -> Checkpoint:
        made = self._signed(head)
        tx.audit.add_checkpoint(made)
        return made

    def _signed(self, head: AuditEntry) -> Checkpoint:
        key = self._signing.public_key
        signature = self._signing.sign(sealed(head.seq, head.hash))
        return Checkpoint(head.seq, head.hash, self._ports.clock.now(), signature, key, self._signing.vouch(key))

    def _continues(self, tx: Transaction, kept: Collection[KeptHead], seals: Collection[Checkpoint]) -> bool:
        """Whether the chain still holds every kept head, our checkpoints too, and is whole behind the first of them."""
        heads = {(one.seq, one.hash) for one in kept if one.kind != "key"}
        if not heads:
            return True
        first, seen = min(heads)[0], dict[int, str]()
        entries = _noting(tx.audit.walk(after=first - 1), {seq for seq, _ in heads}, seen)
        before = next(entries, None)
        whole = before is not None and verify(entries, seq=first + 1, prev_hash=str(before["hash"])).valid
        ours = {one.seq for one in seals if one.public_key == self._signing.public_key}
        whole = whole and ours.issuperset(one.seq for one in kept if one.kind == "seal")
        good = whole and set(seen.items()) == heads  # two heads of one number are a chain that was cut and regrown
        if not good:
            log.error("the audit log is not what this server wrote; no checkpoint is signed until that is settled")
        return good

    def accept(self, reason: str, actor: Actor) -> AuditEntry:
        """Take the stored chain as it is for what is kept from now on, e.g. after a restore; that is audited.

        Raises InvalidInput without a reason, and where the chain itself is broken."""
        if not reason.strip():
            raise InvalidInput(fields={"reason": "is required: say why the stored log is the right one"})
        with self._ports.store.write() as tx:
            result = verify(one.as_dict() for one in tx.audit.walk())
            if not result.valid:
                raise InvalidInput(f"The stored log itself is not intact: {result.problem}.")
            keys = {fingerprint(one.public_key) for one in tx.audit.checkpoints()}
            last = max((one.seq for one in self._heads.kept()), default=0)
            data = {"reason": reason, "entries": result.entries, "kept": last}
            entry = NewAuditEntry(actor, "audit.accept_head", "audit:head", data)
            made = tx.audit.append(self._ports.clock.now(), entry)
        self._anchor.keep((KeptHead(made.seq, made.hash),))
        self._heads.keep((*(KeptHead(0, key, "key") for key in sorted(keys)), KeptHead(made.seq, made.hash)))
        return made


def fingerprint(public_key: str) -> str:
    """SHA-256 of a public key given as hex."""
    return hashlib.sha256(bytes.fromhex(public_key) if _hex(public_key) else public_key.encode()).hexdigest()


def _hex(text: str) -> bool:
    return len(text) == len(GENESIS) and all(c in "0123456789abcdef" for c in text)


def sealed(seq: int, hash: str) -> bytes:
    """What a checkpoint's signature covers."""
    return f"{seq}:{hash}".encode()


def _noting(
    entries: Iterator[AuditEntry], wanted: Collection[int], seen: dict[int, str]
) -> Iterator[dict[str, object]]:
    for entry in entries:
        if entry.seq in wanted:
            seen[entry.seq] = entry.hash
        yield entry.as_dict()
