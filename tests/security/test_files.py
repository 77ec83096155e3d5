"""What an installation keeps on disk is its own: nobody else on the machine reads any of it."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from app.crypto import Signer
from app.store import open_store
from tests.support.server import LiveServer


def test_everything_in_the_data_directory_is_private(tmp_path: Path) -> None:
    os.umask(0)
    with LiveServer(tmp_path, scheduler=False) as server:
        server.environment("shop", server.repo("shop"))
        server.sync("shop")
        server.call("POST", "/credentials", {"name": "forge", "kind": "token", "token": "glpat-x"}, status=201)
        data = tmp_path / "data"
        data.chmod(0o700)  # the test made it; a server that makes it does so itself
        found = {path: path.lstat().st_mode for path in data.rglob("*")}
        kinds = {path.name for path in found}
        assert {"secret.key", "signing.key", "pushpull.db", "mirrors", "inventories", "inventory.db"} <= kinds
        open_to_others = [str(path.relative_to(data)) for path, mode in found.items() if _reaches(path, data, found)]
        assert open_to_others == []
        keys = [path for path in found if path.name.endswith((".key", ".db"))]
        assert [path.name for path in keys if stat.S_IMODE(found[path]) & 0o077] == []


def _reaches(path: Path, data: Path, modes: dict[Path, int]) -> bool:
    """Whether others could open it, if they could enter the data directory."""
    parts = [path, *(parent for parent in path.parents if parent != data and data in parent.parents)]
    return all(stat.S_IMODE(modes[part]) & 0o077 for part in parts)


def test_a_new_data_directory_is_private(tmp_path: Path) -> None:
    from app.config import Settings
    from app.main import private_folder

    os.umask(0)
    private_folder(Settings(data_dir=tmp_path / "a" / "b"))
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700
    (tmp_path / "a" / "b" / "file").write_text("x")
    assert stat.S_IMODE((tmp_path / "a" / "b" / "file").stat().st_mode) == 0o600


def test_keys_and_databases_are_private_whatever_the_umask(tmp_path: Path) -> None:
    os.umask(0)
    open_store(f"sqlite:///{tmp_path}/a/pushpull.db", tmp_path / "secret.key").close()
    Signer(tmp_path / "signing.key")
    made = [tmp_path / name for name in ("secret.key", "signing.key", "a/pushpull.db")]
    assert [stat.S_IMODE(path.stat().st_mode) for path in made] == [0o600] * 3
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o700


UNSAFE = re.compile(
    r"^\s*(?:import|from) (?:pickle|marshal|shelve|yaml)\b|shell=True|os\.system\(|\b(?:eval|exec)\(", re.M
)


def test_no_module_reads_code_as_data_or_builds_a_shell() -> None:
    modules = list((Path(__file__).resolve().parents[2] / "app").rglob("*.py"))
    assert len(modules) > 200
    assert [one.name for one in modules if UNSAFE.search(one.read_text("utf-8"))] == []
