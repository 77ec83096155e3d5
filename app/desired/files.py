"""Files: the state is the tree at a path, its id is the tree's, or that of what the delivered tree is made from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from app.desired.renderer import DirectoryRenderer, DirectoryTree, full_path
from app.domain.environment import SourceSpec
from app.domain.errors import RevisionNotFound, WriteBackNotPossible
from app.domain.state.git_files import DIRECTORY, EMPTY_TREE, EXECUTABLE, FILE, SYMLINK, blob_of, mode_of
from app.domain.state.items import Change, Item, Key, Unsupported, printable
from app.ports import ContentReader, Contents, DesiredState, Edits, Foreseeing, LiveItems, Source


class FileRenderer(DirectoryRenderer):
    """Implements Renderer: Git's tree at the path is taken as it is, unless the source asks for more."""

    def at(self, source: Source, spec: SourceSpec, revision: str, id: str | None) -> DesiredState:
        return FileState(source, spec, revision, id or self.id_at(source, spec, revision))


class FileState:
    """Implements the port DesiredState over one tree of a repository."""

    def __init__(self, source: Source, spec: SourceSpec, revision: str, id: str) -> None:
        self._source, self._spec = source, spec
        self._tree = DirectoryTree(source, spec, revision, id)

    @property
    def id(self) -> str:
        return self._tree.id

    @property
    def revision(self) -> str:
        return self._tree.revision

    @property
    def empty(self) -> bool:
        return self._tree.tree == EMPTY_TREE

    def items(self) -> Iterable[tuple[Key, Item]]:
        return self._source.entries(self._tree.tree)

    def changes_since(self, id: str | None) -> tuple[Change, ...] | None:
        before = self._tree.earlier(id)
        try:
            return self._source.changes(before, self._tree.tree) if before else None
        except RevisionNotFound:
            return None  # the mirror was cloned again and no longer knows the other tree

    @contextmanager
    def contents(self) -> Iterator[ContentReader]:
        with self._source.contents() as blobs:
            yield _FileContents(blobs)

    def unsupported(self) -> tuple[Unsupported, ...]:
        return self._tree.unsupported()

    def write_back(self, found: LiveItems) -> Edits:
        edits = {full_path(self._spec, key): _edit(key, *live) if live else None for key, live in found.items()}
        return self._tree.committable(edits)


class _FileContents:
    """Implements the port ContentReader: a file's content is the blob that its item names, whatever its path."""

    def __init__(self, blobs: Contents) -> None:
        self._blobs = blobs

    def expect(self, items: Sequence[tuple[Key, Item]]) -> None:
        if isinstance(self._blobs, Foreseeing):
            self._blobs.expect([blob_of(item) for _, item in items])

    def write_to(self, key: Key, item: Item, write: Callable[[bytes], object]) -> int:
        return self._blobs.write_to(blob_of(item), write)


def _edit(key: Key, item: Item, content: bytes) -> tuple[str, bytes]:
    """A file as Git would hold it: of its permissions only the executable bit counts."""
    if item.traits == DIRECTORY:
        raise WriteBackNotPossible(f"'{printable(key)}' is a directory on the target; only files can be committed.")
    if item.traits == SYMLINK:
        return SYMLINK, content
    return (EXECUTABLE if mode_of(item.traits) & 0o100 else FILE), content
