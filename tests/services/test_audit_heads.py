"""Somebody who owns the database, and not the data directory, cannot make a changed log read valid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, text

from app.crypto import Signer
from app.domain.actor import user
from app.domain.audit import GENESIS, NewAuditEntry, digest
from app.domain.errors import InvalidInput, NotFound
from app.domain.identity import Identity
from app.ports import Checkpoint
from app.services.security.audit_file import verify_file
from app.store import tables
from tests.support.installation import ME, Installation

Attack = Callable[[Installation], None]


def write(here: Installation, count: int) -> None:
    for number in range(count):
        with here.store.write() as tx:
            tx.audit.append(here.clock.now(), NewAuditEntry(user("kim"), "token.create", f"token:{number}"))


def unguarded(here: Installation) -> None:
    with here.store.engine.begin() as connection:
        for table in ("audit", "checkpoints"):
            if connection.dialect.name == "sqlite":
                names = connection.execute(
                    text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table"),
                    {"table": table},
                ).scalars()
                for name in list(names):
                    connection.execute(text(f"DROP TRIGGER {name}"))
            else:
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))


def rewritten(here: Installation, start: int = 5) -> None:
    """The chain from an entry on, with another actor, hashed anew; no checkpoint is left."""
    unguarded(here)
    with here.store.read() as tx:
        entries = [one.as_dict() for one in tx.audit.walk()]
    previous = GENESIS
    for one in entries:
        if one["seq"] >= start:
            one["actor"], one["prev_hash"] = "user:mallory", previous
            one["hash"] = digest(one)
        previous = one["hash"]
    with here.store.engine.begin() as connection:
        connection.execute(delete(tables.checkpoints))
        connection.execute(delete(tables.audit))
        connection.execute(insert(tables.audit), entries)


def signed_anew(here: Installation) -> None:
    signer = Signer(here.folder / "mallory.key")
    unguarded(here)
    with here.store.write() as tx:
        head, seals = tx.audit.head(), tx.audit.checkpoints()
        tx._connection.execute(delete(tables.checkpoints))
        assert head
        for seal in seals or ():
            made = signer.sign(f"{seal.seq}:{seal.hash}".encode())
            tx.audit.add_checkpoint(replace(seal, signature=made, public_key=signer.public_key))


def rewritten_and_signed(here: Installation) -> None:
    signer = Signer(here.folder / "mallory.key")
    with here.store.read() as tx:
        (seal, *_) = tx.audit.checkpoints()
    rewritten(here)
    with here.store.write() as tx:
        entry = next(one for one in tx.audit.walk() if one.seq == seal.seq)
        made = signer.sign(f"{entry.seq}:{entry.hash}".encode())
        tx.audit.add_checkpoint(replace(seal, hash=entry.hash, signature=made, public_key=signer.public_key))


def cut(here: Installation, left: int) -> None:
    unguarded(here)
    with here.store.engine.begin() as connection:
        connection.execute(delete(tables.checkpoints).where(tables.checkpoints.c.seq > left))
        connection.execute(delete(tables.audit).where(tables.audit.c.seq > left))


def cut_and_regrown(here: Installation) -> None:
    cut(here, 6)
    write(here, 9)


def cut_with_its_checkpoints(here: Installation) -> None:
    cut(here, 4)


def cut_behind_the_checkpoint(here: Installation) -> None:
    with here.store.read() as tx:
        cut(here, tx.audit.checkpoints()[-1].seq)


def emptied(here: Installation) -> None:
    cut(here, 0)


ATTACKS: tuple[Attack, ...] = (
    rewritten, signed_anew, rewritten_and_signed, cut_with_its_checkpoints, cut_behind_the_checkpoint, cut_and_regrown,
    emptied,
)  # fmt: skip


@pytest.fixture
def kept(here: Installation) -> Installation:
    write(here, 8)
    assert here.use_cases.audit.checkpoint()
    write(here, 3)
    assert here.use_cases.audit.verify_stored().valid
    return here


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_the_database_s_owner_changes_is_found(kept: Installation, attack: Attack) -> None:
    attack(kept)
    found = kept.use_cases.audit.verify_stored()
    assert not found.valid
    assert "accept-head" in found.problem


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_checkpoint_of_ours_and_no_later_entry_covers_it_up(kept: Installation, attack: Attack) -> None:
    attack(kept)
    kept.use_cases.audit.checkpoint()
    write(kept, 2)
    kept.use_cases.audit.checkpoint()
    assert not kept.use_cases.audit.verify_stored().valid


def test_a_restored_log_is_accepted_with_a_reason_that_is_audited(kept: Installation) -> None:
    cut(kept, 4)
    with pytest.raises(InvalidInput, match="reason"):
        kept.use_cases.audit.accept(" ", ME)
    made = kept.use_cases.audit.accept("restored Monday's backup", ME)
    assert (made.action, made.data["reason"], made.data["entries"]) == (
        "audit.accept_head",
        "restored Monday's backup",
        4,
    )
    assert kept.use_cases.audit.verify_stored().valid
    assert kept.use_cases.audit.checkpoint()
    assert kept.use_cases.audit.verify_stored().valid


def test_a_broken_chain_cannot_be_accepted(kept: Installation) -> None:
    unguarded(kept)
    with kept.store.engine.begin() as connection:
        connection.execute(text("UPDATE audit SET actor = 'user:mallory' WHERE seq = 2"))
    with pytest.raises(InvalidInput, match="not intact"):
        kept.use_cases.audit.accept("it must be right", ME)


def test_an_older_data_directory_begins_to_keep_its_head(kept: Installation) -> None:
    file = kept.data / "audit.head"
    assert file.stat().st_mode & 0o777 == 0o600
    file.unlink()
    assert kept.use_cases.audit.verify_stored().valid
    kept.use_cases.audit.checkpoint()
    cut(kept, 4)
    assert not kept.use_cases.audit.verify_stored().valid


def test_a_line_that_a_crash_cut_short_says_nothing(kept: Installation) -> None:
    with Path(kept.data / "audit.head").open("a") as file:
        file.write("head 99 abc")
    assert kept.use_cases.audit.verify_stored().valid


@pytest.mark.parametrize("forge", [lambda seal: "", lambda seal: "0" * 64, lambda seal: seal.voucher])
def test_a_checkpoint_of_a_stranger_is_found_on_either_database(
    kept: Installation, forge: Callable[[Checkpoint], str]
) -> None:
    signer = Signer(kept.folder / "mallory.key")
    with kept.store.write() as tx:
        (seal, *_), head = tx.audit.checkpoints(), tx.audit.head()
        assert head
        made = signer.sign(f"{head.seq}:{head.hash}".encode())
        forged = replace(seal, seq=head.seq, hash=head.hash, signature=made, public_key=signer.public_key)
        tx.audit.add_checkpoint(replace(forged, voucher=forge(seal)))
    found = kept.use_cases.audit.verify_stored()
    assert not found.valid
    assert "signed with another key" in found.problem


def test_what_is_rewritten_with_the_data_directory_too_is_found_by_the_anchor(kept: Installation) -> None:
    rewritten(kept)
    (kept.data / "audit.head").unlink()
    assert not kept.use_cases.audit.verify_stored().valid
    made = kept.use_cases.audit.accept("an exercise", ME)
    write(kept, 1)
    assert kept.use_cases.audit.checkpoint()
    assert kept.use_cases.audit.verify_stored().valid
    cut(kept, made.seq - 1)
    write(kept, 1)
    (kept.data / "audit.head").unlink()
    assert not kept.use_cases.audit.verify_stored().valid


def test_an_anchor_that_cannot_be_read_vouches_for_nothing(kept: Installation) -> None:
    (file,) = kept.folder.glob("*.anchor")
    file.unlink()
    file.mkdir()
    found = kept.use_cases.audit.verify_stored()
    assert not found.valid
    assert "cannot be read" in found.problem
    write(kept, 1)
    assert kept.use_cases.audit.checkpoint(), "the server goes on"


def exported(here: Installation, name: str = "audit.jsonl") -> Path:
    file = here.folder / name
    file.write_text("".join(here.queries.audit.export(Identity(ME, "admin", ""), "jsonl")))
    return file


def test_an_export_that_was_made_anew_does_not_fit_its_seal(kept: Installation) -> None:
    made = kept.use_cases.audit.seal()
    seal = (made.seq, made.hash)
    assert verify_file(exported(kept), seal=seal).valid
    rewritten(kept)
    anew = exported(kept)
    assert verify_file(anew).valid
    assert "rewritten" in verify_file(anew, seal=seal).problem
    anew.write_text("".join(anew.read_text().splitlines(keepends=True)[:-1]))
    assert "removed" in verify_file(anew, seal=seal).problem
    with pytest.raises(NotFound):
        kept.use_cases.audit.seal()


def test_entries_and_checkpoints_of_another_server_are_valid(here: Installation, database_url: str) -> None:
    if here.store.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one server")
    other = here.beside(database_url)
    for server in (here, other, here, other):
        write(server, 2)
        assert server.use_cases.audit.checkpoint()
    assert here.use_cases.audit.verify_stored().valid
    assert other.use_cases.audit.verify_stored().valid
    cut(here, 5)
    assert not here.use_cases.audit.verify_stored().valid
    assert not other.use_cases.audit.verify_stored().valid
    other.close()
