"""The audit log: every way to tamper with an export or the database is found, and the right entry is named."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.domain.actor import user
from app.domain.audit import GENESIS, NewAuditEntry, chain, digest, verify
from app.domain.identity import SYSTEM
from app.services.security.audit_file import verify_file
from tests.support.installation import Installation

START = datetime(2026, 11, 23, tzinfo=UTC)
COUNT = 12
Entries = list[dict[str, Any]]


def entries() -> Entries:
    made, previous = [], GENESIS
    for number in range(1, COUNT + 1):
        data = {"environment": "shop", "n": number, "note": 'ü,"q"\nline'}
        actor = user(str(number % 3), "127.0.0.1" if number % 2 else None)
        new = NewAuditEntry(actor, "sync.request", f"operation:{number}", data)
        entry = chain(new, number, START + timedelta(seconds=number), previous)
        made.append(entry.as_dict())
        previous = entry.hash
    return made


def written(path: Path, made: Entries, form: str) -> Path:
    if form == "jsonl":
        path.write_text("".join(json.dumps(one) + "\n" for one in made))
        return path
    text_ = io.StringIO()
    writer = csv.DictWriter(text_, list(entries()[0]), lineterminator="\n")
    writer.writeheader()
    for one in made:
        writer.writerow({**one, "data": json.dumps(one["data"]), "ip": one["ip"] or ""})
    path.write_text(text_.getvalue())
    return path


def altered(at: int, field: str) -> Callable[[Entries], Entries]:
    def change(made: Entries) -> Entries:
        value = made[at][field]
        new = value + 100 if isinstance(value, int) else {"n": -1} if isinstance(value, dict) else f"x{value}"
        return [{**one, field: new} if number == at else one for number, one in enumerate(made)]

    return change


FORMS = pytest.mark.parametrize("form", ["jsonl", "csv"])


@FORMS
def test_an_untouched_export_is_intact(tmp_path: Path, form: str) -> None:
    result = verify_file(written(tmp_path / "a", entries(), form))
    assert (result.valid, result.entries, result.head) == (True, COUNT, entries()[-1]["hash"])


@FORMS
@pytest.mark.parametrize("at", range(COUNT))
@pytest.mark.parametrize("field", ["at", "actor", "action", "object", "data", "ip", "hash"])
def test_an_altered_field_names_its_entry(tmp_path: Path, form: str, at: int, field: str) -> None:
    result = verify_file(written(tmp_path / "a", altered(at, field)(entries()), form))
    assert (result.valid, result.first_bad) == (False, at + 1)


@FORMS
@pytest.mark.parametrize("at", range(COUNT - 1))
def test_a_removed_entry_is_named(tmp_path: Path, form: str, at: int) -> None:
    made = entries()
    del made[at]
    result = verify_file(written(tmp_path / "a", made, form))
    assert (result.valid, result.first_bad) == (False, at + 1)
    assert "removed" in result.problem


@pytest.mark.parametrize("at", range(COUNT - 1))
def test_swapped_entries_name_the_first_place(tmp_path: Path, at: int) -> None:
    made = entries()
    made[at], made[at + 1] = made[at + 1], made[at]
    result = verify_file(written(tmp_path / "a", made, "jsonl"))
    assert (result.valid, result.first_bad) == (False, at + 1)
    assert "reordered" in result.problem


@pytest.mark.parametrize("at", range(1, COUNT))
def test_a_foreign_entry_between_two_is_named(at: int) -> None:
    made = entries()
    foreign = {**made[at], "prev_hash": "f" * 64, "action": "forged"}
    made.insert(at, {**foreign, "hash": digest(foreign)})
    result = verify(made)
    assert (result.valid, result.first_bad) == (False, at + 1)
    assert "inserted" in result.problem


def test_nothing_proves_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    assert not verify_file(tmp_path / "a").valid


def test_a_field_that_stands_twice_hides_nothing(tmp_path: Path) -> None:
    lines = [json.dumps(one) for one in entries()]
    lines[2] = '{"actor": "user:mallory", ' + lines[2][1:]
    (tmp_path / "a").write_text("\n".join(lines))
    assert verify_file(tmp_path / "a").first_bad == 3


def test_a_filtered_export_is_verified_entry_by_entry(tmp_path: Path) -> None:
    some = entries()[1::2]
    assert not verify_file(written(tmp_path / "a", some, "jsonl")).valid
    assert verify_file(written(tmp_path / "a", some, "jsonl"), filtered=True).entries == len(some)
    altered = [*some[:1], {**some[1], "actor": "user:mallory"}, *some[2:]]
    assert verify_file(written(tmp_path / "b", altered, "jsonl"), filtered=True).first_bad == some[1]["seq"]
    swapped = [some[1], some[0], *some[2:]]
    assert verify_file(written(tmp_path / "c", swapped, "jsonl"), filtered=True).first_bad == some[0]["seq"]


@pytest.mark.parametrize("at", range(1, COUNT))
def test_a_doubled_entry_is_found(at: int) -> None:
    made = entries()
    made.insert(at, made[at - 1])
    result = verify(made)
    assert (result.valid, result.first_bad) == (False, at)
    assert "inserted" in result.problem


@pytest.mark.parametrize("at", range(COUNT))
def test_a_forged_entry_with_a_right_hash_of_its_own_is_found(at: int) -> None:
    made = entries()
    forged = {**made[at], "actor": "user:mallory"}
    made[at] = {**forged, "hash": digest(forged)}
    result = verify(made)
    if at == COUNT - 1:
        assert result.head != entries()[-1]["hash"]  # only the head, kept elsewhere, tells
    else:
        assert (result.valid, result.first_bad) == (False, at + 1)


@pytest.mark.parametrize("left", range(COUNT))
def test_a_cut_end_is_found_by_the_head(tmp_path: Path, left: int) -> None:
    result = verify_file(written(tmp_path / "a", entries()[:left], "jsonl"), head=entries()[-1]["hash"])
    assert (result.valid, result.first_bad) == (False, left + 1)


@pytest.mark.parametrize("line", ["{", "[]", "null", '"x"', "nonsense"])
def test_a_damaged_line_is_named(tmp_path: Path, line: str) -> None:
    lines = [json.dumps(one) for one in entries()]
    lines[4] = line
    (tmp_path / "a").write_text("\n".join(lines))
    result = verify_file(tmp_path / "a")
    assert (result.valid, result.first_bad) == (False, 5)
    assert "line 5" in result.problem


def test_the_stored_chain_and_its_exports_agree(here: Installation, tmp_path: Path) -> None:
    here.register("push")
    here.push()
    assert here.use_cases.audit.verify_stored().valid
    for form in ("jsonl", "csv"):
        path = tmp_path / form
        path.write_text("".join(here.queries.audit.export(SYSTEM, form)))
        result = verify_file(path)
        assert (result.valid, result.entries) == (True, here.use_cases.audit.verify_stored().entries)


@pytest.mark.parametrize("verb", ["UPDATE audit SET actor = 'x'", "DELETE FROM audit", "DELETE FROM checkpoints",
                                  "UPDATE events SET reason = 'x'", "DELETE FROM events"])  # fmt: skip
def test_the_database_refuses_to_change_what_was_written(here: Installation, verb: str) -> None:
    here.register("push")
    here.use_cases.audit.checkpoint()
    with pytest.raises(DBAPIError, match="append-only"), here.store.engine.begin() as connection:
        connection.execute(text(verb))


@pytest.mark.parametrize(("table", "key"), [("audit", "seq"), ("events", "id"), ("checkpoints", "seq")])
def test_nothing_written_is_replaced(here: Installation, table: str, key: str) -> None:
    here.register("push")
    here.use_cases.audit.checkpoint()
    verb = "INSERT OR REPLACE" if here.store.engine.dialect.name == "sqlite" else "INSERT"
    again = f"{verb} INTO {table} SELECT * FROM {table} WHERE {key} = (SELECT max({key}) FROM {table})"
    with pytest.raises(DBAPIError, match=r"append-only|duplicate key"), here.store.engine.begin() as connection:
        connection.execute(text(again))


def _without_guards(here: Installation, statement: str) -> None:
    """What somebody with all rights on the database could do."""
    with here.store.engine.begin() as connection:
        if here.store.engine.dialect.name == "sqlite":
            for trigger in ("audit_no_update", "audit_no_delete"):
                connection.execute(text(f"DROP TRIGGER {trigger}"))
        else:
            connection.execute(text("ALTER TABLE audit DISABLE TRIGGER ALL"))
        connection.execute(text(statement))


def test_tampering_past_the_guards_is_found(here: Installation) -> None:
    here.register("push")
    here.push()
    _without_guards(here, "UPDATE audit SET actor = 'user:mallory' WHERE seq = 2")
    result = here.use_cases.audit.verify_stored()
    assert (result.valid, result.first_bad) == (False, 2)


def test_a_cut_tail_is_found_by_the_signed_checkpoint(here: Installation) -> None:
    here.register("push")
    here.push()
    sealed = here.use_cases.audit.checkpoint()
    assert sealed is not None
    assert here.use_cases.audit.checkpoint() is None
    _without_guards(here, f"DELETE FROM audit WHERE seq = {sealed.seq}")
    result = here.use_cases.audit.verify_stored()
    assert (result.valid, result.first_bad) == (False, sealed.seq)


def test_a_forged_checkpoint_is_found(here: Installation) -> None:
    here.register("push")
    here.use_cases.audit.checkpoint()
    with here.store.write() as tx:
        head = tx.audit.head()
        assert head is not None
        from dataclasses import replace

        (real,) = tx.audit.checkpoints()
        tx.audit.append(here.clock.now(), NewAuditEntry(user("x"), "y", "z"))
        head = tx.audit.head()
        assert head is not None
        tx.audit.add_checkpoint(replace(real, seq=head.seq, hash=head.hash))
    assert not here.use_cases.audit.verify_stored().valid


def test_every_delivery_names_who_and_what(here: Installation, mode: str) -> None:
    here.register(mode)
    ended = here.deliver(mode)
    with here.store.read() as tx:
        told = [one for one in tx.audit.walk() if one.object == f"operation:{ended.id}"]
    assert [one.action for one in told] == ["sync.request", "sync.finish"]
    assert all(one.actor == ended.request.initiated_by for one in told)
    assert told[1].data["revision"] == ended.revision
    assert told[1].data["tree"] == here.repo.tree("main", "deploy")
