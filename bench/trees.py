"""Repositories with many files, and plain checkouts of them for the peers."""

from __future__ import annotations

import time
from pathlib import Path

from bench.ground import command
from tests.support.repo import Content, GitRepo

PATH = "deploy"


def file_name(number: int) -> str:
    """Fifty files to a directory, twenty directories to one above."""
    return f"{PATH}/d{number // 1000:02d}/s{number // 50 % 20:02d}/f{number:05d}.conf"


def repository(folder: Path, files: int) -> GitRepo:
    """A repository whose only commit holds that many small files."""
    repo = GitRepo(folder)
    made: dict[str | bytes, Content] = {file_name(number): _content(number) for number in range(files)}
    made["README"] = "not delivered\n"
    repo.commit(made, "first", when=int(time.time()) - 86400)
    return repo


def _content(number: int) -> str:
    return f"name = {number}\n" + "x" * (number % 37 * 60) + "\n"


class Edits:
    """Commits that change one file each."""

    def __init__(self, repo: GitRepo) -> None:
        self._repo, self._number = repo, 0

    def commit(self) -> str:
        """Change one file in the middle; the commit's id."""
        self._number += 1
        changed: dict[str | bytes, Content] = {file_name(7): f"changed {self._number}\n"}
        return self._repo.commit(changed, f"change {self._number}", when=int(time.time()))


def checkout(repo: GitRepo, folder: Path) -> Path:
    """A normal clone with everything checked out and its index up to date; the delivered directory in it."""
    command("git", "clone", "--quiet", str(repo.path), str(folder))
    command("git", "status", cwd=folder)
    return folder / PATH
