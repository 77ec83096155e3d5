"""What a way of rendering brings along, and what those share that read one directory."""

from __future__ import annotations

from typing import Protocol

from app.domain.environment import SourceSpec
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
        return source.tree(revision, spec.path)

    def revert(self, source: Source, spec: SourceSpec, onto: str, to: str) -> Edits:
        before, after = self.id_at(source, spec, onto), self.id_at(source, spec, to)
        return {full_path(spec, change.key): change.after for change in source.changes(before, after)}
