"""Kept `git cat-file` processes: starting one costs fifty times what its answer does.

A process is lent to one thread at a time and taken back after a clean exchange; whatever goes wrong ends it. One that
nobody asked for a while ends, and so do all with ours, however that ends: their input is closed then.
"""

from __future__ import annotations

import os
import select
import subprocess
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from app.git import GitFailed
from app.sources.git import Repository

CONTENT, FACTS = "--batch", "--batch-check"  # what the answers hold
MOST = 6  # processes kept, of all mirrors together
IDLE_S = 5.0
LOANS = 5_000  # after which a process is replaced: git remembers every commit that it has seen

_Key = tuple[str, int, int, str]


@dataclass(slots=True)
class KeptProcess:
    """A running process and where it belongs."""

    key: _Key
    process: subprocess.Popen[bytes]
    end: ExitStack
    loans: int = 0
    since: float = 0.0

    def discard(self) -> None:
        """End it: what it says next belongs to nobody."""
        self.end.close()

    def usable(self) -> bool:
        """Whether it still runs and may be used again: one that complained has met damage, and believes what it saw."""
        if self.process.poll() is not None or self.process.stderr is None:
            return False
        complained = select.select([self.process.stderr], [], [], 0)[0]
        return self.loans < LOANS and not complained


class CatFilePool:
    """The processes that one installation keeps. May be used by many threads at once."""

    def __init__(self, most: int = MOST, idle_s: float = IDLE_S) -> None:
        self._most, self._idle_s = most, idle_s
        self._turn = threading.Lock()
        self._free: list[KeptProcess] = []  # the one used last at the end
        self._timer: threading.Timer | None = None
        weakref.finalize(self, _end, self._free)

    @contextmanager
    def lend(self, repository: Repository, style: str) -> Iterator[subprocess.Popen[bytes]]:
        """A process for one exchange; it must have said everything at the end of the block, or the block must raise.

        Raises GitFailed where there is no repository.
        """
        kept = self.take(repository, style)
        try:
            yield kept.process
        except BaseException:
            kept.discard()
            raise
        self.give_back(kept)

    def take(self, repository: Repository, style: str) -> KeptProcess:
        """A process, to be given back or discarded. Raises GitFailed where there is no repository."""
        key = _key(repository, style)
        return self._taken(key) or _started(repository, key)

    def give_back(self, kept: KeptProcess) -> None:
        """Keep a process that has said everything it was asked for."""
        kept.loans, kept.since = kept.loans + 1, time.monotonic()
        with self._turn:
            self._free.append(kept)
            surplus = self._free[: -self._most]
            del self._free[: -self._most]
            self._watch()
        _end(surplus)

    def close(self) -> None:
        """End what is kept."""
        with self._turn:
            ended, self._free[:] = list(self._free), []
        _end(ended)

    def _taken(self, key: _Key) -> KeptProcess | None:
        with self._turn:
            kept = next((one for one in reversed(self._free) if one.key == key), None)
            if kept is not None:
                self._free.remove(kept)
        if kept is not None and not kept.usable():
            kept.discard()
            return None
        return kept

    def _watch(self) -> None:
        """Look later whether something has been idle for too long; the lock is held."""
        if self._timer is None and self._free:
            self._timer = threading.Timer(self._idle_s, self._expire)
            self._timer.daemon = True
            self._timer.start()

    def _expire(self) -> None:
        latest = time.monotonic() - self._idle_s
        with self._turn:
            idle = [one for one in self._free if one.since <= latest]
            self._free[:] = [one for one in self._free if one.since > latest]
            self._timer = None
            self._watch()
        _end(idle)


def _key(repository: Repository, style: str) -> _Key:
    """A mirror that was cloned again is another one: its processes are not those of the broken one."""
    try:
        found = os.stat(repository.git_dir)
    except OSError as error:
        raise GitFailed(128, "there is no repository") from error
    return str(repository.git_dir), found.st_dev, found.st_ino, style


def _started(repository: Repository, key: _Key) -> KeptProcess:
    end = ExitStack()
    process = end.enter_context(repository.process("cat-file", key[-1], fed=True))
    return KeptProcess(key, process, end)


def _end(ended: list[KeptProcess]) -> None:
    for one in ended:
        one.discard()
