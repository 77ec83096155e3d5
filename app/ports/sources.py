"""Where desired state comes from: mirrors of Git repositories."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from app.domain.environment import Content, SourceSpec
from app.domain.revision import Person, Revision
from app.domain.state.items import Change, Item, Unsupported

# Full repository paths, each with (traits, content), an item that Git has already, or None to delete.
Edits = Mapping[bytes, tuple[str, bytes] | Item | None]


@dataclass(frozen=True, slots=True)
class Probe:
    """What a look at a repository found, before anything is saved."""

    branches: tuple[str, ...]
    tags: tuple[str, ...]
    default_branch: str | None
    revision: Revision | None
    files: int  # files under the path at the ref; 0 when there are none
    unsupported: tuple[Unsupported, ...] = ()


@dataclass(frozen=True, slots=True)
class RefMove:
    """A ref that a fetch found changed. `forced`: the new commit does not descend from the old."""

    ref: str
    before: str | None
    after: str | None
    forced: bool = False


@dataclass(frozen=True, slots=True)
class Meeting:
    """A path that both sides changed, and the newest commit of the other side that did."""

    path: bytes
    commit: Revision


@dataclass(frozen=True, slots=True)
class RefTip:
    """What a ref points at. `name`: the full name that it has, such as "refs/heads/main"."""

    name: str
    revision: Revision


class Contents(Protocol):
    """Content of blobs, streamed."""

    def write_to(self, blob: str, write: Callable[[bytes], object]) -> int:
        """Pass the blob's bytes on in chunks; return their number. Raises SourceDamaged if it is missing."""
        ...


@runtime_checkable
class Foreseeing(Protocol):
    """Contents that can be told what will be read, so that nobody waits for each blob in turn."""

    def expect(self, blobs: Sequence[str]) -> None:
        """These will be read next, in this order. Reading others is fine, and slower."""
        ...


class Rendition(Protocol):
    """What is delivered of a repository where more is asked for than files as they lie in Git (Content).

    A path is that of a directory, as with `Source.tree`. What is made is kept in the mirror, so that drift, plans and
    rollbacks need no network. Raises RevisionNotFound and InvalidInput as `Source.tree` does.
    """

    def id(self, sha: str, path: str) -> str:
        """Equal where what is delivered is; told without making it. EMPTY_TREE where nothing is, else no tree's id."""
        ...

    def tree(self, sha: str, path: str, id: str = "") -> str:
        """The id of a tree that holds exactly what is delivered, for all methods of Source that take trees. `id`: the
        one of this state, where it is known.

        Made at the first call, for which an operation may ask the network; elsewhere ContentNotFetched is raised.
        Raises SourceRefused, SourceUnreachable and SourceDamaged where it cannot be made as a whole; then nothing is
        kept.
        """
        ...

    def known(self, id: str) -> str | None:
        """The tree that belongs to the id of an earlier state; None where that is not here any more."""
        ...

    def committable(self, sha: str, path: str, edits: Edits) -> Edits:
        """Edits of what is delivered as edits of the repository. Raises WriteBackNotPossible where there is none."""
        ...

    def same_surroundings(self, sha: str, other: str, path: str) -> bool:
        """Whether what counts outside of the directory is the same at two revisions, and so are its submodules."""
        ...


class Source(Protocol):
    """One repository's mirror, shared by all environments that use it. All methods block; fetches are locked.

    Reading methods never touch the network, so they work while the Git server is down.
    """

    def remote_heads(self, *, default: bool = False) -> Mapping[str, str]:
        """Ask the remote what its refs point at: {"refs/heads/main": sha, "refs/tags/v1": peeled sha, "HEAD": sha}.

        `default`: ask also anew which branch is the default one, for somebody who follows HEAD; that may cost more.
        Raises SourceUnreachable or SourceRefused.
        """
        ...

    def fetch(self, *wanted: str) -> tuple[RefMove, ...]:
        """Bring branches, tags and commits up to date, named as people write them; all branches and tags where none is
        named. Returns what moved. Makes the mirror at the first call, and anew where it is damaged."""
        ...

    def look(self, ref: str) -> RefTip:
        """Ask the remote what one branch or tag (or "HEAD") points at now, and bring that here and little else.

        A branch goes before a tag of the same name. Raises RevisionNotFound, SourceUnreachable or SourceRefused.
        """
        ...

    def resolve(self, wanted: str) -> Revision:
        """A branch, tag, full or unambiguous short SHA in the mirror, as a commit. Raises RevisionNotFound."""
        ...

    def tree(self, sha: str, path: str) -> str:
        """The tree id of a directory at a revision; EMPTY_TREE where the path does not exist."""
        ...

    def rendition(self, content: Content) -> Rendition:
        """What is delivered beside files as they lie in Git."""
        ...

    def entries(self, tree: str) -> Iterator[tuple[bytes, Item]]:
        """Every file and link below a tree (no directories, no submodules), as paths and items, in Git's order."""
        ...

    def unsupported(self, tree: str) -> tuple[Unsupported, ...]:
        """What below a tree is not delivered as it is meant: submodules, LFS pointers, attributes that convert."""
        ...

    def changes(self, old: str, new: str) -> tuple[Change, ...]:
        """What differs between two trees. Raises RevisionNotFound if either is not in the mirror."""
        ...

    def contents(self) -> AbstractContextManager[Contents]:
        """Open a stream of blob contents; kept open while many are read."""
        ...

    def is_ancestor(self, older: str, newer: str) -> bool:
        """Whether `newer` descends from `older` (a commit is its own ancestor). False if either is unknown."""
        ...

    def between(self, old: str | None, new: str, limit: int = 1000) -> tuple[Revision, ...]:
        """Commits reachable from `new` and not from `old`, newest first."""
        ...

    def branch(self, wanted: str) -> str:
        """The plain name of the branch that a commit for a ref goes to: the one that `wanted` names ("main",
        "refs/heads/main", or "HEAD" for the default branch), or a new one. Raises InvalidInput for a tag, a commit,
        and any name that a new branch would take from something else."""
        ...

    def in_the_way(self, base: str, head: Revision, edits: Edits) -> Meeting | None:
        """What changed between `base` and `head` stands in the way of edits made on `base`; None where a three-way
        merge has no conflict. Raises RevisionNotFound if either is not in the mirror."""
        ...

    def keep(self, sha: str) -> None:
        """Pin a deployed commit in the mirror, so that it can be rolled back to whatever happens to its branch."""
        ...

    def commit(self, branch: str, parent: str, edits: Edits, message: str, author: Person) -> Revision:
        """Commit edits on top of `parent` and push to a branch, which must still be at `parent` or not exist; its
        name is read as by `branch`.
        Edits that change nothing make no commit: the answer is `parent`'s revision. Raises PushRejected."""
        ...


class Sources(Protocol):
    """Opens repositories. The address is checked here: scheme, configured roots, no options in disguise."""

    def open(self, repo_url: str, credential: str | None = None) -> Source:
        """The repository's mirror. Raises SourceRefused for an address that is not allowed."""
        ...

    def server(self, repo_url: str) -> str:
        """The server that answers for a repository, as scheme, host and port; "" for one on this machine, and for an
        address that is not allowed. Repositories of one server stand and fall together."""
        ...

    def shape(self, repo_url: str) -> None:
        """Check an address that another machine will use: only what can be said without looking at this one.
        Raises SourceRefused."""
        ...

    def probe(self, spec: SourceSpec) -> Probe:
        """Look at a repository without keeping anything. Raises SourceUnreachable, SourceRefused, RevisionNotFound."""
        ...
