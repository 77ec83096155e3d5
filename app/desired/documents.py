"""JSON documents as objects: each `*.json` file below the path is one, under its path without the ending.

An object's content is its document in one canonical form, so that layout and the order of names are no difference.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property

from app.desired.renderer import DirectoryRenderer, DirectoryTree, full_path
from app.domain.environment import SourceSpec
from app.domain.errors import SourceDamaged, SourceRefused, WriteBackNotPossible
from app.domain.state.git_files import FILE, SYMLINK, blob_of
from app.domain.state.items import Change, Item, Key, Unsupported, printable
from app.domain.state.json_documents import canonical, document_item
from app.ports import ContentReader, Contents, DesiredState, Edits, LiveItems, Source

ENDING = b".json"
LARGEST = 4_000_000  # bytes of one document; all of a state are held in memory


class DocumentRenderer(DirectoryRenderer):
    """Implements Renderer."""

    def at(self, source: Source, spec: SourceSpec, revision: str, id: str | None) -> DesiredState:
        return DocumentState(source, spec, revision, id or self.id_at(source, spec, revision))


class DocumentState:
    """Implements the port DesiredState over the documents of one directory, which are read once."""

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
        return not self._documents

    def items(self) -> Iterable[tuple[Key, Item]]:
        return [(key, document_item(document)) for key, document in sorted(self._documents.items())]

    def changes_since(self, id: str | None) -> tuple[Change, ...] | None:
        return () if id == self._tree.id else None

    @contextmanager
    def contents(self) -> Iterator[ContentReader]:
        yield _Documents(self._documents)

    def unsupported(self) -> tuple[Unsupported, ...]:
        return self._tree.unsupported()

    def write_back(self, found: LiveItems) -> Edits:
        edits = {full_path(self._spec, key + ENDING): _edit(key, live and live[1]) for key, live in found.items()}
        return self._tree.committable(edits)

    @cached_property
    def _documents(self) -> Mapping[Key, bytes]:
        found: dict[Key, bytes] = {}
        with self._source.contents() as blobs:
            for path, file in self._source.entries(self._tree.tree):
                if path.endswith(ENDING) and file.traits != SYMLINK:
                    found[_key(path)] = _read(blobs, path, file)
        return found


class _Documents:
    """Implements the port ContentReader."""

    def __init__(self, documents: Mapping[Key, bytes]) -> None:
        self._known = documents

    def expect(self, items: Sequence[tuple[Key, Item]]) -> None:
        pass

    def write_to(self, key: Key, item: Item, write: Callable[[bytes], object]) -> int:
        document = self._known.get(key)
        if document is None or document_item(document) != item:
            raise SourceDamaged(f"'{printable(key)}' is not what was listed.")
        write(document)
        return len(document)


class _NoDocument(ValueError):
    """Says what is wrong with a document, as the end of a sentence."""


def _key(path: bytes) -> Key:
    key = path.removesuffix(ENDING)
    if not key or key.endswith(b"/"):
        raise _refused(path, "has no name before its ending, so its object would have none")
    return key


def _read(blobs: Contents, path: bytes, file: Item) -> bytes:
    """A document of the repository in canonical form."""
    content = bytearray()

    def take(chunk: bytes) -> None:
        content.extend(chunk)
        if len(content) > LARGEST:
            raise _refused(path, f"is larger than {LARGEST:,} bytes")

    blobs.write_to(blob_of(file), take)
    try:
        return _canonical(content)
    except _NoDocument as problem:
        raise _refused(path, str(problem)) from None


def _refused(path: bytes, problem: str) -> SourceRefused:
    return SourceRefused(f"'{printable(path)}' {problem}. Mend it in Git; nothing was delivered.")


def _edit(key: Key, content: bytes | None) -> tuple[str, bytes] | None:
    try:
        return (FILE, _canonical(content)) if content is not None else None
    except _NoDocument as problem:
        raise WriteBackNotPossible(f"'{printable(key)}' on the target {problem}.") from None


def _canonical(content: bytes | bytearray) -> bytes:
    """A document in canonical form. What other readers of JSON would refuse, or read otherwise, is no document."""
    try:
        said = json.loads(content, parse_constant=_constant, parse_float=_number, object_pairs_hook=_object)
        return canonical(said)
    except _NoDocument:
        raise
    except (ValueError, RecursionError):
        raise _NoDocument("is not a JSON document") from None


def _constant(word: str) -> object:
    raise _NoDocument(f"is not a JSON document: JSON has no {word}")


def _number(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise _NoDocument(f"has a number that is too large ({text[:40]})")
    return number


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(name for number, (name, _) in enumerate(pairs) if name in dict(pairs[:number]))
        raise _NoDocument(f"has the name {json.dumps(twice[:80])} twice in one object")
    return found
