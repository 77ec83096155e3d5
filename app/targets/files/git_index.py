"""A private Git index made from the inventory: Git's own refresh, with both cores, finds what may have moved.

Git compares stat values only and never opens a file of the target here: an entry carries a stat if its content was read
and found right at least SETTLE_NS after the file's last change, so neither a second change within the same clock tick
nor an old index is trusted. Everything else it reports as moved, and we read it ourselves. Attributes, ignore files
and repositories that lie in the target have no say.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import struct
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from app.domain.errors import TargetUnreachable
from app.domain.state.git_files import file_item
from app.domain.state.items import Item
from app.git import GitFailed, git
from app.targets.files.file_inventory import FileInventory, Row

TIMEOUT_S = 600.0
TRIES = 5
SETTLE_NS = 2_000_000_000  # Git compares whole seconds
_UNSEEN = bytes(40)
_MASK = 0xFFFFFFFF
_NAME = 0xFFF
_CONFIG = """[core]
\trepositoryformatversion = 0
\tbare = false
\tfileMode = true
\tsymlinks = true
\tignoreCase = false
\ttrustCTime = true
\tcheckStat = default
\tpreloadIndex = true
\tuntrackedCache = false
\tsparseCheckout = false
"""
_ATTRIBUTES = "* -text -eol -crlf -ident -filter -working-tree-encoding -diff -merge\n"


def stat_of(found: os.stat_result, mode: int) -> bytes:
    """A file's stat as an index holds it (40 bytes): ctime, mtime, device, inode, Git's mode, owner, group, size."""
    times = (*divmod(found.st_ctime_ns, 10**9), *divmod(found.st_mtime_ns, 10**9))
    facts = (*times, found.st_dev, found.st_ino, mode, found.st_uid, found.st_gid, found.st_size)
    return struct.pack(">10I", *(value & _MASK for value in facts))


def is_settled(found: os.stat_result, since: int) -> bool:
    """Whether a change after `since` (ns since 1970, before the content was read) would show in the stat."""
    return max(found.st_mtime_ns, found.st_ctime_ns) <= since - SETTLE_NS


def moved(
    git_dir: Path, inventory: FileInventory, work_tree: Path, meanwhile: Callable[[], object]
) -> list[tuple[bytes, Item]]:
    """Paths that we own and whose stat is not the one remembered, with what we know of them. While Git works,
    `meanwhile` is called (perhaps more than once)."""
    for _ in range(TRIES):
        index = _index(git_dir, inventory)
        complaints: list[str] = []
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(_compare, git_dir, index, work_tree, complaints)
            meanwhile()
            found = asked.result()
        if index.exists():  # without it Git takes us to own nothing; another look may have replaced it
            # Git complains of a path that it may not look at, and leaves it out
            return list(inventory.items()) if complaints else _parse(found)
    raise TargetUnreachable(f"{work_tree} is being looked at by too many at once.")


def _compare(git_dir: Path, index: Path, work_tree: Path, complaints: list[str]) -> bytes:
    command = ("-C", "/", "diff-files", "--raw", "-z")
    try:
        return git(
            *command, git_dir=git_dir, work_tree=work_tree, index=index, timeout=TIMEOUT_S, complaints=complaints
        )
    except GitFailed as failure:
        index.unlink(missing_ok=True)
        raise TargetUnreachable(f"Git could not look at {work_tree} (it ended with {failure.code}).") from failure


def _index(git_dir: Path, inventory: FileInventory) -> Path:
    """The index of the inventory as it is now, made if it is not there."""
    index = git_dir / f"index-{inventory.generation()}"
    if not index.exists():
        git_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (git_dir / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            index = git_dir / f"index-{inventory.generation()}"
            if not index.exists():
                _prepare(git_dir)
                _replace(index, made_index(inventory.rows()))
    return index


def made_index(rows: Iterable[Row]) -> bytes:
    """A Git index, version 2."""
    entries = [_index_entry(*row) for row in rows]
    content = b"".join((b"DIRC", struct.pack(">II", 2, len(entries)), *entries))
    return content + hashlib.sha1(content, usedforsecurity=False).digest()


def _index_entry(path: bytes, mode: int, blob: bytes, stat: bytes | None) -> bytes:
    facts = stat or _UNSEEN[:24] + mode.to_bytes(4, "big") + _UNSEEN[28:]
    size = len(path)
    return b"%b%b%b%b%b" % (facts, blob, min(size, _NAME).to_bytes(2, "big"), path, bytes(8 - (62 + size) % 8))


def _parse(raw: bytes) -> list[tuple[bytes, Item]]:
    """`:mode mode id id status NUL path NUL …`; the first of each pair is ours."""
    parts = raw.split(b"\0")
    return [
        (path, file_item(facts[1:7].decode(), facts[15:55].decode()))
        for facts, path in zip(parts[::2], parts[1::2], strict=False)
    ]


def _prepare(git_dir: Path) -> None:
    for folder in ("objects", "refs", "info"):
        (git_dir / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
    _ensure(git_dir / "config", _CONFIG)
    _ensure(git_dir / "info" / "attributes", _ATTRIBUTES)
    _ensure(git_dir / "HEAD", "ref: refs/heads/none\n")
    for old in git_dir.glob("index-*"):
        old.unlink(missing_ok=True)


def _ensure(path: Path, text: str) -> None:
    """Write a file that has not this text; another look's Git may be reading it, so it is never empty meanwhile."""
    content = text.encode()
    if not path.is_file() or path.read_bytes() != content:
        _replace(path, content)


def _replace(path: Path, content: bytes) -> None:
    temporary = path.with_name("new")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
