"""The bundled Git repository: a bare one, as a server would hold it, written through a working copy."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from app.domain.revision import Person, Revision
from app.git import clean_environment
from app.laboratory.bundled_site import SiteStep

SETTLED = "settled"  # a tag that never moves


class BundledRepository:
    """`path` is the bare repository that PushPull reads."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "bakery.git"
        self._work = folder / "work"

    def create(self, steps: Sequence[tuple[datetime, SiteStep]], settled: int) -> tuple[Revision, ...]:
        """Make the repository with these commits, and a tag on the one of the number `settled`; returns them all."""
        self._work.mkdir(parents=True)
        self._run("init", "--quiet", "--bare", "--initial-branch=main", str(self.path))
        self._run("-C", str(self.path), "fast-import", "--quiet", given=b"".join(_stream(steps)))
        listed = self._run("-C", str(self.path), "log", "--reverse", "--format=%H %P", "main").splitlines()
        self._run("-C", str(self.path), "tag", SETTLED, listed[settled].split()[0])
        self._run("clone", "--quiet", str(self.path), str(self._work))
        return tuple(_revision(line.split(), *step) for line, step in zip(listed, steps, strict=True))

    def add(self, step: SiteStep) -> str:
        """Commit and push a change; returns the commit, which can be seen from then on."""
        self._git("fetch", "--quiet", "origin")
        self._git("reset", "--quiet", "--hard", "origin/main")  # others push too: drift written back, reverts
        self._commit(step, datetime.now(UTC))
        made = self._git("rev-parse", "HEAD")
        self._git("push", "--quiet", "origin", "HEAD:main")
        return made

    def found(self, subject: str) -> str | None:
        """The newest commit of a subject; None where there is none."""
        for line in self._run("-C", str(self.path), "log", "--format=%H %s", "main").splitlines():
            revision, _, text = line.partition(" ")
            if text == subject:
                return revision
        return None

    def _commit(self, step: SiteStep, at: datetime) -> None:
        for name, text in step.files.items():
            path = self._work / name
            if text is None:
                path.unlink(missing_ok=True)
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
            path.chmod(0o755 if name.endswith(".sh") else 0o644)
        self._git("add", "--all")
        who = {"NAME": step.author.name, "EMAIL": step.author.email, "DATE": at.isoformat()}
        roles = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()}
        self._git("commit", "--quiet", "--allow-empty", "--message", step.message, extra=roles)

    def _git(self, *args: str, extra: dict[str, str] | None = None) -> str:
        return self._run("-C", str(self._work), *args, extra=extra)

    def _run(self, *args: str, extra: dict[str, str] | None = None, given: bytes | None = None) -> str:
        options = ("-c", "commit.gpgsign=false", "-c", "tag.gpgsign=false", "-c", f"core.hooksPath={os.devnull}")
        done = subprocess.run(
            ["git", *options, *args], input=given, check=True, capture_output=True, env=clean_environment(extra)
        )
        return done.stdout.decode().strip()


def _revision(line: Sequence[str], at: datetime, step: SiteStep) -> Revision:
    return Revision(line[0], Person(step.author.name, step.author.email), at, step.message, tuple(line[1:]))


def _stream(steps: Iterable[tuple[datetime, SiteStep]]) -> Iterator[bytes]:
    """The commits as `git fast-import` reads them: one process, however many there are."""
    for at, step in steps:
        who = f"{step.author.name} <{step.author.email}> {int(at.timestamp())} +0000"
        yield f"commit refs/heads/main\nauthor {who}\ncommitter {who}\n".encode() + _data(step.message)
        for name, text in step.files.items():
            if text is None:
                yield f"D {name}\n".encode()
            else:
                yield f"M {'100755' if name.endswith('.sh') else '100644'} inline {name}\n".encode() + _data(text)


def _data(text: str) -> bytes:
    content = text.encode()
    return b"data %d\n%s\n" % (len(content), content)
