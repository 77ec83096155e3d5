"""The files of a submodule at the commit that its repository names, brought into the mirror of that repository."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.domain.environment import Content
from app.domain.errors import InvalidInput, Problem, RevisionNotFound, SourceDamaged, SourceRefused
from app.domain.state.git_files import EMPTY_TREE
from app.domain.state.items import printable
from app.git import GitFailed
from app.ports.sources import Source
from app.sources.content.rendition_notes import REFS
from app.sources.content.submodules import DEEPEST, MEND, expect_same_server, refused, resolved
from app.sources.git import Repository
from app.sources.network_need import expect_operation
from app.sources.remote.address import Address


@dataclass(frozen=True, slots=True)
class Submodule:
    """A repository that is a submodule of another, and where its mirror lies."""

    source: Source
    git_dir: Path


@dataclass(frozen=True, slots=True)
class SubmoduleTrees:
    """The submodules of the repository at `base`, which is one itself, `depth` times over.

    `parse` checks an address as any source's; `open` finds its mirror, with the credential of the repository."""

    base: Address
    depth: int
    parse: Callable[[str], Address]
    open: Callable[[Address, int], Submodule]

    def bring(self, into: Repository, path: bytes, url: str, commit: str, content: Content) -> str:
        """The tree of what is delivered of a submodule, which is in `into` afterwards under a ref of its own.

        Raises SourceRefused, SourceUnreachable and SourceDamaged, which name the path and the address."""
        if self.depth >= DEEPEST:
            raise refused(path, f"it is nested more than {DEEPEST} times")
        address = self._address(path, url)
        module = self.open(address, self.depth + 1)
        try:
            _fetch(module.source, commit, path)
            tree = module.source.rendition(content).tree(commit, "")
        except Problem as problem:
            raise _told(problem, path, address) from problem
        if tree != EMPTY_TREE and module.git_dir != into.git_dir:
            _copy(into, module.git_dir, tree)
        return tree

    def _address(self, path: bytes, url: str) -> Address:
        try:
            address = self.parse(resolved(self.base, url, path))
        except SourceRefused as problem:
            if "source.submodules" in problem.fields:
                raise
            raise refused(path, f"its address is not allowed ({problem.detail.rstrip('.')})") from None
        expect_same_server(self.base, address, path)
        return address


def _fetch(source: Source, commit: str, path: bytes) -> None:
    try:
        source.resolve(commit)
    except (RevisionNotFound, SourceDamaged):
        expect_operation(f"The submodule '{printable(path)}'")
        source.fetch(commit)


def _copy(into: Repository, git_dir: Path, tree: str) -> None:
    spec = f"+{REFS}{tree}:{REFS}{tree}"
    try:
        into.run("fetch", "--quiet", "--no-tags", "--", str(git_dir), spec, environment={"GIT_ALLOW_PROTOCOL": "file"})
    except GitFailed:
        raise SourceDamaged("The files of a submodule could not be taken from its mirror.") from None


def _told(problem: Problem, path: bytes, address: Address) -> Problem:
    """The problem with the submodule's path and address in its words."""
    kind = SourceRefused if isinstance(problem, RevisionNotFound | InvalidInput) else type(problem)
    why = problem.detail.rstrip(".")
    shown = address.url if not address.local else "a local repository"
    told = kind(f"The submodule '{printable(path)}' ({shown}) cannot be delivered: {why}. {MEND}",
                fields={"source.submodules": MEND})  # fmt: skip
    for name, value in vars(problem).items():
        if name in ("pause_s", "server_wide"):
            setattr(told, name, value)
    return told
