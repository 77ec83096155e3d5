"""The demo's Git repository: a bare one, as a server would hold it, written through a working copy."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.demo.site import HISTORY, DemoStep
from app.git import clean_environment


class DemoRepository:
    """`path` is the bare repository that PushPull reads."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "bakery.git"
        self._work = folder / "work"

    def create(self) -> str:
        """Make the repository with its history; returns its newest commit."""
        self._work.mkdir(parents=True)
        self._git("init", "--quiet", "--initial-branch=main")
        subprocess.run(
            ["git", "init", "--quiet", "--bare", "--initial-branch=main", str(self.path)],
            check=True, env=clean_environment(),
        )  # fmt: skip
        self._git("remote", "add", "origin", str(self.path))
        now = datetime.now(UTC)
        for step in HISTORY:
            self._commit(step, now - timedelta(hours=step.hours_ago))
        return self._push()

    def add(self, step: DemoStep) -> str:
        """Commit and push a change; returns the commit."""
        self._git("fetch", "--quiet", "origin")
        self._git("reset", "--quiet", "--hard", "origin/main")  # others push too: drift written back, reverts
        self._commit(step, datetime.now(UTC))
        return self._push()

    def _commit(self, step: DemoStep, at: datetime) -> None:
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

    def _push(self) -> str:
        self._git("push", "--quiet", "origin", "HEAD:main")
        return self._git("rev-parse", "HEAD")

    def _git(self, *args: str, extra: dict[str, str] | None = None) -> str:
        options = ("-C", str(self._work), "-c", "commit.gpgsign=false", "-c", f"core.hooksPath={os.devnull}")
        done = subprocess.run(["git", *options, *args], check=True, capture_output=True, env=clean_environment(extra))
        return done.stdout.decode().strip()
