"""An archive that is restored is data of somebody: it holds what a backup holds, or nothing of it is used."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from app.domain.errors import InvalidInput
from app.store import backup as backups
from app.store import open_engine, upgrade
from app.store.backup import backup, restore


def _archive(path: Path, members: dict[str, bytes], extra: Callable[[tarfile.TarFile], None] | None = None) -> Path:
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in members.items()}
    manifest = json.dumps({"format": 1, "version": "", "rows": 0, "sha256": digests}).encode()
    with tarfile.open(path, "w:gz") as made:
        for name, content in {**members, "manifest.json": manifest}.items():
            facts = tarfile.TarInfo(name)
            facts.size = len(content)
            made.addfile(facts, io.BytesIO(content))
        if extra:
            extra(made)
    return path


def _restore(archive: Path, data: Path) -> int:
    data.mkdir(exist_ok=True)
    return restore(archive, open_engine(f"sqlite:///{data}/pushpull.db"), data)


def test_an_archive_of_the_right_form_is_taken(tmp_path: Path) -> None:
    assert _restore(_archive(tmp_path / "a", {"files/known_hosts": b"x"}), tmp_path / "data") == 0
    assert (tmp_path / "data" / "known_hosts").read_bytes() == b"x"


NAMES = [
    "files/../../escaped", "/files/secret.key", "files/mirrors/0.git/config", "files/inventories/../x/inventory.db",
    "files/secret.key/x", "tables/../x.jsonl", "other", "files/pushpull.db",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_member_that_no_backup_has_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidInput):
        _restore(_archive(tmp_path / "a", {name: b"x"}), tmp_path / "data")
    assert not (tmp_path / "escaped").exists()
    assert sorted(one.name for one in (tmp_path / "data").iterdir() if "pushpull.db" not in one.name) == []


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE])
def test_links_and_special_files_are_refused(tmp_path: Path, kind: bytes) -> None:
    def add(made: tarfile.TarFile) -> None:
        facts = tarfile.TarInfo("files/known_hosts")
        facts.type, facts.linkname = kind, "/etc/passwd"
        made.addfile(facts)

    with pytest.raises(InvalidInput):
        _restore(_archive(tmp_path / "a", {}, add), tmp_path / "data")


def test_an_archive_that_unfolds_without_measure_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backups, "SMALL", 100_000)
    with pytest.raises(InvalidInput, match="unfolds"):
        _restore(_archive(tmp_path / "a", {"files/known_hosts": bytes(10_000_000)}), tmp_path / "data")


@pytest.mark.parametrize("content", [b"[]", b"{", b'{"name": 1}', b'{"name": "x", "created_at": 9223372036854775807}'])
def test_a_table_that_cannot_be_read_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InvalidInput):
        _restore(_archive(tmp_path / "a", {"tables/credentials.jsonl": content}), tmp_path / "data")


def test_a_key_is_not_written_through_a_link(tmp_path: Path) -> None:
    data, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    data.mkdir()
    elsewhere.write_text("theirs")
    (data / "known_hosts").symlink_to(elsewhere)
    archive = _archive(tmp_path / "a", {"files/known_hosts": b"ours"})
    restore(archive, open_engine(f"sqlite:///{data}/pushpull.db"), data, force=True)
    assert elsewhere.read_text() == "theirs"
    assert (data / "known_hosts").stat().st_mode & 0o777 == 0o600


def test_a_backup_is_written_into_a_file_that_nobody_prepared(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/pushpull.db")
    upgrade(engine)
    out, theirs = tmp_path / "out.tar.gz", tmp_path / "theirs"
    theirs.write_text("")
    for name in ("out.tar.gz.part", "out.tar.gz"):
        (tmp_path / name).symlink_to(theirs)
    os.umask(0)
    backup(engine, tmp_path, out)
    assert theirs.read_text() == ""
    assert not out.is_symlink()
    assert out.stat().st_mode & 0o777 == 0o600
