"""What a way of rendering brings along, and what those share that read one directory."""

from __future__ import annotations

from functools import cached_property
from typing import Protocol

from app.domain.environment import SourceSpec
from app.domain.errors import WriteBackNotPossible
from app.domain.revision import is_sha
from app.domain.state.git_files import EMPTY_TREE
from app.domain.state.items import Unsupported
from app.ports import DesiredState, Edits, Source


class Renderer(Protocol):
    """One way from a revision to a desired state. `source` is the repository that `spec` names."""

    def id_at(self, source: Source, spec: SourceSpec, revision: str) -> str:
        """The id of the state at a revision: equal where the states are."""
        ...

    def at(self, source: Source, spec: SourceSpec, revision: str, id: str | None) -> DesiredState:
        """The state at a revision. With `id`, which is known to be right, nothing is read before it is asked for."""
        ...

    def revert(self, source: Source, spec: SourceSpec, onto: str, to: str) -> Edits:
        """The edits on top of the revision `onto` that bring back what the state at `to` was made from."""
        ...


def full_path(spec: SourceSpec, path: bytes) -> bytes:
    """A path below the environment's directory, as the repository has it."""
    prefix = spec.path.strip("/").encode()
    return prefix + b"/" + path if prefix else path


class DirectoryRenderer:
    """The part of Renderer that is the same wherever nothing but the directory at the path counts."""

    def id_at(self, source: Source, spec: SourceSpec, revision: str) -> str:
        if spec.content:
            return source.rendition(spec.content).id(revision, spec.path)
        return source.tree(revision, spec.path)

    def revert(self, source: Source, spec: SourceSpec, onto: str, to: str) -> Edits:
        if spec.content and not source.rendition(spec.content).same_surroundings(onto, to, spec.path):
            raise WriteBackNotPossible(
                "A commit of the directory's files would not bring the earlier state back: submodules, .gitmodules or "
                ".gitattributes above it differ. Roll back with the strategy pin, or revert in Git."
            )
        before, after = source.tree(onto, spec.path), source.tree(to, spec.path)
        return {full_path(spec, change.key): change.after for change in source.changes(before, after)}


class DirectoryTree:
    """The tree that is delivered of a directory at a revision: Git's own, or what is made of it. `id` names the state;
    nothing is read or made before it is asked for."""

    def __init__(self, source: Source, spec: SourceSpec, revision: str, id: str) -> None:
        self.source, self.spec, self.revision, self.id = source, spec, revision, id

    @cached_property
    def tree(self) -> str:
        """Its id in the mirror. Raises RevisionNotFound where it was made by other choices and is not kept any more."""
        if is_sha(self.id):
            return self.id
        return self.source.rendition(self.spec.content).tree(self.revision, self.spec.path, self.id)

    def earlier(self, id: str | None) -> str | None:
        """The tree of another state, by that state's id (None: one that holds nothing); None where it is unknown."""
        if id is None or is_sha(id):
            return id or EMPTY_TREE
        return self.source.rendition(self.spec.content).known(id)

    def unsupported(self) -> tuple[Unsupported, ...]:
        """What in it is not delivered as it is meant."""
        found = self.source.unsupported(self.tree)
        applied = "gitattributes" if self.spec.content.attributes else ""
        return tuple(one for one in found if one.kind != applied)

    def committable(self, edits: Edits) -> Edits:
        """Edits of what is delivered, by full paths, as edits of the repository."""
        if not self.spec.content:
            return edits
        return self.source.rendition(self.spec.content).committable(self.revision, self.spec.path, edits)
