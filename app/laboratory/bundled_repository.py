"""The bundled Git repository: a bare one, as a server would hold it, written without a working copy."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from app.domain.revision import Person, Revision
from app.git import clean_environment
from app.laboratory.bundled_site import SiteStep

HEAD = "refs/heads/main"
SETTLED = "settled"  # a tag that never moves


class BundledRepository:
    """`path` is the bare repository that PushPull reads."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "bakery.git"

    def create(self, steps: Sequence[tuple[datetime, SiteStep]], settled: int) -> tuple[Revision, ...]:
        """Make the repository with these commits, and a tag on the one of the number `settled`; returns them all."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._run("init", "--quiet", "--bare", "--initial-branch=main", str(self.path))
        self._run("-C", str(self.path), "fast-import", "--quiet", given=b"".join(_stream(steps)))
        listed = self._run("-C", str(self.path), "log", "--reverse", "--format=%H %P", "main").splitlines()
        self._run("-C", str(self.path), "tag", SETTLED, listed[settled].split()[0])
        return tuple(_revision(line.split(), *step) for line, step in zip(listed, steps, strict=True))

    def add(self, step: SiteStep) -> str:
        """Commit a change on top of what is there; returns the commit, which can be seen from then on."""
        stream = b"".join(_stream([(datetime.now(UTC), step)], HEAD))
        self._run("-C", str(self.path), "fast-import", "--quiet", given=stream)
        return self._run("-C", str(self.path), "rev-parse", HEAD)

    def found(self, subject: str) -> str | None:
        """The newest commit of a subject; None where there is none."""
        for line in self._run("-C", str(self.path), "log", "--format=%H %s", "main").splitlines():
            revision, _, text = line.partition(" ")
            if text == subject:
                return revision
        return None

    def _run(self, *args: str, extra: dict[str, str] | None = None, given: bytes | None = None) -> str:
        options = ("-c", "commit.gpgsign=false", "-c", "tag.gpgsign=false", "-c", f"core.hooksPath={os.devnull}")
        done = subprocess.run(
            ["git", *options, *args], input=given, check=True, capture_output=True, env=clean_environment(extra)
        )
        return done.stdout.decode().strip()


def _revision(line: Sequence[str], at: datetime, step: SiteStep) -> Revision:
    return Revision(line[0], Person(step.author.name, step.author.email), at, step.message, tuple(line[1:]))


def _stream(steps: Iterable[tuple[datetime, SiteStep]], after: str = "") -> Iterator[bytes]:
    """The commits as `git fast-import` reads them: one process, however many there are. `after`: the ref that the first
    one follows on, "" where it is the very first."""
    for at, step in steps:
        who = f"{step.author.name} <{step.author.email}> {int(at.timestamp())} +0000"
        yield f"commit {HEAD}\nauthor {who}\ncommitter {who}\n".encode() + _data(step.message)
        if after:
            yield f"from {after}^0\n".encode()
            after = ""
        for name, text in step.files.items():
            if text is None:
                yield f"D {name}\n".encode()
            else:
                yield f"M {'100755' if name.endswith('.sh') else '100644'} inline {name}\n".encode() + _data(text)


def _data(text: str) -> bytes:
    content = text.encode()
    return b"data %d\n%s\n" % (len(content), content)
