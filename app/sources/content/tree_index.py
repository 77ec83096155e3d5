"""A temporary index: where git tells attributes of paths in a bare repository, and where new trees are made."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from app.domain.state.git_files import blob_of
from app.domain.state.items import Item
from app.sources.git import Repository
from app.sources.tidying import PASSING

ATTRIBUTES = ("text", "crlf", "eol", "export-ignore", "filter")
_AT_ONCE = 20_000  # paths of one question
_GONE = "0" * 40

Attributes = Mapping[bytes, str]


class TreeIndex:
    """Files by their full paths. Raises GitFailed where git does not take a path."""

    def __init__(self, repository: Repository, file: Path) -> None:
        self._repository = repository
        self._variables = {"GIT_INDEX_FILE": str(file)}

    def put(self, entries: Iterable[tuple[bytes, Item | None]]) -> None:
        """Add, replace or (None) remove files."""
        lines = b"".join(
            b"%s %s\t%s\0" % (item.traits.encode(), blob_of(item).encode(), path) if item
            else b"0 %s\t%s\0" % (_GONE.encode(), path)
            for path, item in entries
        )  # fmt: skip
        if lines:
            self._run("update-index", "-z", "--index-info", input=lines)

    def attributes(self, paths: Sequence[bytes]) -> dict[bytes, dict[bytes, str]]:
        """What the `.gitattributes` of the index say of paths; directories are asked for with "/" at their end.
        Attributes that are not named for a path are left out."""
        found: dict[bytes, dict[bytes, str]] = {}
        for start in range(0, len(paths), _AT_ONCE):
            asked = b"".join(path + b"\0" for path in paths[start : start + _AT_ONCE])
            fields = self._run("check-attr", "--cached", "-z", "--stdin", *ATTRIBUTES, input=asked).split(b"\0")
            for path, name, value in zip(fields[0::3], fields[1::3], fields[2::3], strict=False):
                if value != b"unspecified":
                    found.setdefault(path, {})[name] = value.decode("utf-8", "replace")
        return found

    def tree(self, place: str) -> str:
        """Write what lies below a directory ("" for all) as a tree; it must hold something."""
        below = (f"--prefix={place}/",) if place else ()
        return self._run("write-tree", *below).decode().strip()

    def _run(self, *args: str, input: bytes | None = None) -> bytes:
        return self._repository.run(*args, input=input, environment=self._variables)


@contextmanager
def temporary_index(repository: Repository) -> Iterator[TreeIndex]:
    """An empty index that goes with the block."""
    with tempfile.TemporaryDirectory(prefix=PASSING, dir=repository.git_dir.parent) as folder:
        yield TreeIndex(repository, Path(os.path.join(folder, "index")))
