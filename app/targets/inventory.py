"""The inventory of a directory target: a private Git index that lists what we own, with digests and a stat cache.

It lies in the data directory, never in the target. Nothing in the target may influence it: attributes are overridden in
the private repository's info/attributes, ignore files are not consulted, hooks and watchers are off.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.domain.errors import TargetUnreachable
from app.domain.plan import InventoryHead
from app.domain.tree import SUBMODULE, Entry
from app.git import GitFailed, git
from app.targets.files import TEMPORARY

FEW = 64
TOMBSTONES = 10_000
_CONFIG = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tsymlinks = true\n\ttrustctime = true\n"
_ATTRIBUTES = "* -text -eol -crlf -ident -filter -working-tree-encoding -diff -merge\n"
_SETTINGS = ("core.untrackedCache=false", "core.protectHFS=false", "core.protectNTFS=false", "core.ignoreCase=false")


class Inventory:
    """What we own below one root."""

    def __init__(self, state: Path, root: Path) -> None:
        self._state, self._root = state, root
        self._git_dir = state / "git"
        self._index = state / "git" / "index"

    # --- the private repository ---
    def prepare(self) -> None:
        """Make the private repository if it is not there."""
        if (self._git_dir / "HEAD").exists():
            return
        self._state.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in ("objects", "refs", "info"):
            (self._git_dir / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        (self._git_dir / "config").write_text(_CONFIG)
        (self._git_dir / "info" / "attributes").write_text(_ATTRIBUTES)
        (self._git_dir / "HEAD").write_text("ref: refs/heads/none\n")

    def _git(self, *args: str, input: bytes | None = None, fine: tuple[int, ...] = (0,)) -> bytes:
        """Run git over the private index. From `/`, because inside the target git would narrow to a subdirectory."""
        literal = {"GIT_LITERAL_PATHSPECS": "1"}
        try:
            return git(
                "-C", "/", *args, git_dir=self._git_dir, work_tree=self._root, index=self._index,
                config=_SETTINGS, input=input, environment=literal,
            )  # fmt: skip
        except GitFailed as failure:
            if failure.code in fine:
                return failure.stdout
            text = f"The inventory could not be read or written (git ended with {failure.code})."
            raise TargetUnreachable(text) from failure

    @contextmanager
    def alone(self) -> Iterator[None]:
        """One change at a time, also over processes. Raises TargetUnreachable if somebody else is at it."""
        self.prepare()
        descriptor = os.open(self._state / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            (self._git_dir / "index.lock").unlink(missing_ok=True)  # left by a process that was killed
            yield
        except BlockingIOError:
            raise TargetUnreachable("Another process is changing this target.") from None
        finally:
            os.close(descriptor)

    # --- the head ---
    def head(self) -> InventoryHead:
        """What was applied last."""
        facts = self.facts()
        whole = not (self._state / "applying").exists()
        return InventoryHead(facts.get("tree"), facts.get("revision"), whole)

    def facts(self) -> dict[str, Any]:
        """The head's file: tree, revision, and the layout's own facts."""
        try:
            found: dict[str, Any] = json.loads((self._state / "head.json").read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except ValueError:
            raise TargetUnreachable("The inventory's head is damaged; delete it and sync again.") from None
        return found

    @contextmanager
    def change(self, tree: str, revision: str, **facts: Any) -> Iterator[None]:
        """Between an intent that survives a crash and the new head."""
        marker = self._state / "applying"
        _write(marker, json.dumps({"tree": tree, "revision": revision}))
        yield
        _write(self._state / "head.json", json.dumps({"tree": tree, "revision": revision, **facts}))
        marker.unlink(missing_ok=True)
        _sync_folder(self._state)

    def interrupted(self) -> bool:
        """Whether an apply did not come to its end."""
        return (self._state / "applying").exists()

    # --- entries ---
    def entries(self) -> Iterator[tuple[bytes, Entry]]:
        """Everything we own."""
        if self._index.exists():
            yield from _listed(self._git("ls-files", "-s", "-z"))

    def some(self, paths: Collection[bytes]) -> dict[bytes, Entry]:
        """What we own at some paths."""
        if not paths or not self._index.exists():
            return {}
        if len(paths) > FEW:
            wanted = set(paths)
            return {path: entry for path, entry in self.entries() if path in wanted}
        args = [os.fsdecode(path) for path in paths]
        found = dict(_listed(self._git("ls-files", "-s", "-z", "--", *args)))
        return {path: found[path] for path in paths if path in found}

    def survey(self) -> tuple[dict[bytes, Entry], tuple[bytes, ...]]:
        """What may have moved (by its stat), with what we know of it; and every path that is not ours."""
        if not self._index.exists():
            return {}, self._others()
        with ThreadPoolExecutor(1) as pool:
            others = pool.submit(self._others)
            raw = self._git("diff-files", "--raw", "-z", "--no-renames", "--ignore-submodules=all")
            return _suspects(raw), others.result()

    def _others(self) -> tuple[bytes, ...]:
        found = self._git("ls-files", "-o", "-z").split(b"\0")
        return tuple(path for path in found if path and not path.rpartition(b"/")[2].startswith(TEMPORARY))

    def leftovers(self) -> tuple[bytes, ...]:
        """Temporary files of an interrupted apply."""
        found = self._git("ls-files", "-o", "-z").split(b"\0")
        return tuple(path for path in found if path.rpartition(b"/")[2].startswith(TEMPORARY))

    def put(self, entries: Iterable[tuple[bytes, Entry]]) -> None:
        """Take entries in, or change them."""
        lines = [b"%06o %s\t%s\0" % (entry.mode, entry.blob.encode(), path) for path, entry in entries]
        if lines:
            self._git("update-index", "--replace", "-z", "--index-info", input=b"".join(lines))

    def drop(self, paths: Collection[bytes]) -> None:
        """Let entries go."""
        if paths and self._index.exists():
            gone = b"".join(b"0 %s\t%s\0" % (b"0" * 40, path) for path in paths)
            self._git("update-index", "-z", "--index-info", input=gone)

    def clear(self) -> None:
        """Own nothing."""
        self._index.unlink(missing_ok=True)

    def settle(self) -> None:
        """Note the stat of files whose content equals the index, so that they need not be read next time."""
        self._git("update-index", "-q", "--refresh", fine=(1,))  # 1: some files differ, which is for others to say

    # --- what was pruned ---
    def tombstones(self) -> frozenset[bytes]:
        """Paths that we pruned lately."""
        try:
            return frozenset((self._state / "pruned").read_bytes().split(b"\0")) - {b""}
        except FileNotFoundError:
            return frozenset()

    def bury(self, gone: Collection[bytes], back: Collection[bytes]) -> None:
        """Remember pruned paths; forget those that are wanted again."""
        before = self.tombstones()
        after = (before | set(gone)) - set(back)
        if after != before:
            kept = sorted(after)[:TOMBSTONES]
            temporary = self._state / "pruned.new"
            temporary.write_bytes(b"\0".join(kept))
            temporary.replace(self._state / "pruned")


def _listed(raw: bytes) -> Iterator[tuple[bytes, Entry]]:
    for line in raw.split(b"\0"):
        if line:
            facts, _, path = line.partition(b"\t")
            mode, blob, _ = facts.split(b" ", 2)
            yield path, Entry(int(mode, 8), blob.decode())


def _suspects(raw: bytes) -> dict[bytes, Entry]:
    """`:old-mode new-mode old-id new-id status NUL path NUL …`"""
    parts = raw.split(b"\0")
    found = {}
    for facts, path in zip(parts[::2], parts[1::2], strict=False):
        mode, _, blob, *_ = facts[1:].split(b" ")
        if int(mode, 8) != SUBMODULE:
            found[path] = Entry(int(mode, 8), blob.decode())
    return found


def _write(path: Path, text: str) -> None:
    """Replace a small file durably."""
    temporary = path.with_suffix(".new")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    _sync_folder(path.parent)


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
