"""What `.gitattributes` ask of the files that are delivered: to be left out, or to have other line ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from app.domain.errors import SourceRefused
from app.domain.state.git_files import EXECUTABLE, FILE, blob_id, blob_of, file_item
from app.domain.state.items import Item, printable
from app.ports.sources import Source
from app.sources.content import line_ends
from app.sources.content.tree_index import TreeIndex
from app.sources.git import Repository

NAME = ".gitattributes"
_TOGETHER = 16 << 20  # bytes of new blobs that are written at once
Files = dict[bytes, Item]


@dataclass(frozen=True, slots=True)
class AttributeRules:
    """By full path. `left_out`: not delivered; `ends`: how line ends are converted (app/sources/content/line_ends.py);
    `filtered`: goes through a filter of this name, such as "lfs"."""

    left_out: frozenset[bytes] = frozenset()
    ends: Mapping[bytes, str] = field(default_factory=dict)
    filtered: Mapping[bytes, str] = field(default_factory=dict)


def above(place: str) -> tuple[str, ...]:
    """The paths of the `.gitattributes` that lie above a directory and count in it."""
    parts = place.split("/") if place else []
    return tuple("/".join([*parts[:depth], NAME]) for depth in range(len(parts)))


def rules(index: TreeIndex, base: bytes, paths: list[bytes]) -> AttributeRules:
    """What the index's `.gitattributes` ask of files below a directory, whose path with "/" behind it is `base`."""
    folders = {folder for path in paths for folder in _folders(path, base)}
    said = index.attributes([*paths, *sorted(folders)])
    ignored = {path for path, one in said.items() if one.get(b"export-ignore") == "set"}
    left_out = {path for path in paths if path in ignored or not ignored.isdisjoint(_folders(path, base))}
    ends = {path: how for path in paths if (how := line_ends.conversion(said.get(path, {})))}
    filtered = {path: one[b"filter"] for path, one in said.items() if b"filter" in one}
    return AttributeRules(frozenset(left_out), ends, filtered)


def _folders(path: bytes, base: bytes) -> Iterator[bytes]:
    """The directories above a file and below the base, with "/" behind them, as `export-ignore` is asked for."""
    end = path.rfind(b"/")
    while end >= len(base):
        yield path[: end + 1]
        end = path.rfind(b"/", 0, end)


def converted(source: Source, repository: Repository, files: Files, ends: Mapping[bytes, str]) -> Files:
    """The files with their line ends as they are delivered; new blobs are written into the repository."""
    made: dict[tuple[str, str], str] = {}
    waiting: list[bytes] = []
    wanted = [(path, how) for path, how in ends.items() if path in files and files[path].traits in (FILE, EXECUTABLE)]
    with source.contents() as blobs:
        for path, how in wanted:
            key = blob_of(files[path]), how
            if key in made:
                continue
            before = bytearray()
            blobs.write_to(key[0], _taker(path, before))
            after = line_ends.delivered(bytes(before), how)
            made[key] = blob_id(after)
            if made[key] != key[0]:
                waiting.append(after)
            if sum(map(len, waiting)) > _TOGETHER:
                write_blobs(repository, waiting)
                waiting = []
    write_blobs(repository, waiting)
    return files | {
        path: file_item(files[path].traits, made[blob_of(files[path]), how]) for path, how in wanted
    }  # fmt: skip


def _taker(path: bytes, into: bytearray) -> Callable[[bytes], None]:
    def take(chunk: bytes) -> None:
        into.extend(chunk)
        if len(into) > line_ends.LARGEST:
            mend = "Mark it '-text' in .gitattributes, or turn source.attributes off."
            why = f"is larger than {line_ends.LARGEST:,} bytes, so its line ends are not converted"
            raise SourceRefused(f"'{printable(path)}' {why}. {mend}", fields={"source.attributes": mend})

    return take


def write_blobs(repository: Repository, contents: list[bytes]) -> None:
    """Write blobs into a repository."""
    if contents:
        stream = b"".join(b"blob\ndata %d\n%s\n" % (len(one), one) for one in contents)
        repository.run("fast-import", "--quiet", "--done", input=stream + b"done\n")
