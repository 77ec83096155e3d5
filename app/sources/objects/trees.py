"""Trees: their entries, the differences of two of them, and what in them cannot be delivered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from app.domain.errors import SourceRefused
from app.domain.state.git_files import (
    DIRECTORY,
    EMPTY_TREE,
    EXECUTABLE,
    FILE,
    SUBMODULE,
    SYMLINK,
    blob_of,
    check_path,
    file_item,
)
from app.domain.state.items import Change, Item, Unsupported, printable
from app.git import GitFailed
from app.sources.git import Repository
from app.sources.objects import tree_diff
from app.sources.objects.object_reader import ObjectReader

_POINTERS = re.compile(rb"^([0-9a-f]{40,64})\nversion https://git-lfs\.github\.com/spec/v1\n", re.MULTILINE)
_POINTER = b"version https://git-lfs.github.com/spec/v1\n"
_CONVERSIONS = {  # by the kind that is told: what source.attributes applies, and what nothing does
    "gitattributes": re.compile(rb"^[ \t]*[^#\s][^\n]*[ \t](?:eol=|export-ignore\b)", re.MULTILINE),
    "conversion": re.compile(
        rb"^[ \t]*[^#\s][^\n]*[ \t](?:ident\b|export-subst\b|working-tree-encoding=)", re.MULTILINE
    ),
}
_ATTRIBUTES_SIZE = 1 << 20
_FEW = 200  # blobs that are asked for one by one
_THINKING = 2.0  # seconds; a tree of 50,000 files takes a tenth of one
_LONGEST, _DEEPEST = 3500, 250  # bytes and directories of a path: systems take 4,095 bytes with the root's
_POINTER_SIZE = range(100, 201)
_TRAITS: dict[bytes, str] = {b"120000": SYMLINK, b"160000": SUBMODULE, b"040000": DIRECTORY, b"000000": ""}


@dataclass(frozen=True, slots=True)
class Limits:
    """What a repository may ask of us: bytes of one file, files of one tree, bytes in Git LFS of one tree."""

    blob: int = 1 << 30
    entries: int = 1_000_000
    lfs: int = 4 << 30


def listing(repository: Repository, tree: str, most: int) -> Iterator[tuple[bytes, Item]]:
    """Everything below a tree but directories; submodules included. Raises GitFailed, UnsafePath, SourceRefused."""
    for number, record in enumerate(repository.records("ls-tree", "-r", "-z", "--full-tree", tree)):
        if number >= most:
            raise too_many(most)
        head, _, path = record.partition(b"\t")
        yield (
            deliverable(path),
            file_item(_traits(head[:6]), head[12:].decode() if head[7:11] == b"blob" else head[14:].decode()),
        )


def differences(reader: ObjectReader, old: str, new: str, most: int, *, submodules: bool = False) -> Iterator[Change]:
    """What differs between two trees. Submodules count as nothing unless they are asked for.

    Raises GitFailed, UnsafePath, SourceRefused.
    """
    few = tree_diff.records(reader, old, new) if old != EMPTY_TREE else None
    records = _diff(reader.repository, old, new, most) if few is None else iter(few)
    for number, head in enumerate(records):
        path = next(records)
        if number >= most:
            raise too_many(most)
        before_mode, after_mode, before_blob, after_blob, _ = head[1:].split(b" ")
        before = _side(before_mode, before_blob, submodules)
        after = _side(after_mode, after_blob, submodules)
        if before != after:
            yield Change(deliverable(path), before, after)


def _diff(repository: Repository, old: str, new: str, most: int) -> Iterator[bytes]:
    """Git compares before it says anything, and a hostile tree of few objects can unfold to any number of files: when
    it takes long, both trees are counted first."""
    options = ("-r", "-z", "--raw", "--no-renames", "--no-abbrev", "--no-ext-diff", "--ignore-submodules=none")
    try:
        yield from repository.records("diff-tree", *options, old, new, patience=_THINKING)
    except GitFailed as failure:
        if failure.code != -1:
            raise
    else:
        return
    for tree in (old, new):
        for _ in listing(repository, tree, most):
            pass
    yield from repository.records("diff-tree", *options, old, new)


def too_many(most: int) -> SourceRefused:
    """A tree that is too large to be a desired state, or made to exhaust us."""
    mend = "Deliver a smaller directory of the repository."
    return SourceRefused(f"The tree holds more than {most:,} files. {mend}", fields={"source.path": mend})


def deliverable(path: bytes) -> bytes:
    """The path, if it can be delivered. Raises UnsafePath, SourceRefused."""
    if suspicious(path):
        check_path(path)
    if len(path) > _LONGEST or path.count(b"/") > _DEEPEST:
        raise too_deep(path)
    return path


def expect_shallow(failure: GitFailed) -> None:
    """Git walks trees by recursion: one that is made to be endless ends it by a signal. Raises `too_deep`."""
    if failure.code < -1:
        raise too_deep() from None


def too_deep(path: bytes = b"") -> SourceRefused:
    """A path that no system takes, or a tree that is made to exhaust us."""
    mend = f"Paths may have {_LONGEST:,} bytes and {_DEEPEST} directories; deliver another directory of the repository."
    shown = f"'{printable(path[:60])}…' is" if path else "Its directories are"
    return SourceRefused(f"{shown} nested too deeply to be delivered. {mend}", fields={"source.path": mend})


def suspicious(path: bytes) -> bool:
    """Whether a path may be unsafe and deserves the full check, which costs ten times as much as this."""
    return path.startswith((b".", b"/")) or b"/." in path or b"//" in path or path.endswith(b"/") or not path


def unsupported(reader: ObjectReader, entries: Iterator[tuple[bytes, Item]]) -> dict[bytes, list[Unsupported]]:
    """Submodules, Git LFS pointers and attributes that ask for conversions, among some entries, by path. Blobs that are
    not here are taken for content."""
    found: dict[bytes, list[Unsupported]] = {}
    files: list[tuple[bytes, str]] = []
    for path, entry in entries:
        if entry.traits == SUBMODULE:
            found[path] = [Unsupported(path, "submodule")]
        elif entry.traits != SYMLINK:
            files.append((path, blob_of(entry)))
    pointers = pointers_among(reader, {blob for _, blob in files})
    found.update((path, [Unsupported(path, "lfs_pointer")]) for path, blob in files if blob in pointers)
    attributes = {path: blob for path, blob in files if path.rpartition(b"/")[2] == b".gitattributes"}
    converting = _converting(reader, sorted(set(attributes.values()))[:_FEW])
    for path, blob in attributes.items():
        if kinds := converting.get(blob):
            found[path] = [Unsupported(path, kind) for kind in kinds]
    return found


def pointers_among(reader: ObjectReader, blobs: set[str]) -> set[str]:
    """Those of the blobs that look like pointers of Git LFS."""
    return _pointers(reader, _small(reader, blobs))


def _small(reader: ObjectReader, blobs: set[str]) -> list[str]:
    """Those of the blobs whose size a pointer may have."""
    if len(blobs) <= _FEW:
        facts = reader.facts(sorted(blobs))
        return [one.sha for one in facts if one and one.size in _POINTER_SIZE]
    asked = "".join(f"{blob}\n" for blob in blobs).encode()
    options = ("--batch-check=%(objectname) %(objectsize)", "--buffer")
    lines = reader.repository.run("cat-file", *options, input=asked).decode().splitlines()
    sized = (line.split(" ") for line in lines)
    return [blob for blob, size in sized if size.isdecimal() and int(size) in _POINTER_SIZE]


def _pointers(reader: ObjectReader, blobs: list[str]) -> set[str]:
    if len(blobs) <= _FEW:
        return {one.sha for one in reader.read(blobs) if one and one.content.startswith(_POINTER)}
    asked = "".join(f"{blob}\n" for blob in blobs).encode()
    out = reader.repository.run("cat-file", "--batch=%(objectname)", "--buffer", input=asked)
    return {match[1].decode() for match in _POINTERS.finditer(out)}


def _converting(reader: ObjectReader, blobs: list[str]) -> dict[str, list[str]]:
    """The kinds of conversions that `.gitattributes` ask for, by their blobs."""
    small = [one.sha for one in reader.facts(blobs) if one and one.size <= _ATTRIBUTES_SIZE]
    read = [one for one in reader.read(small) if one]
    return {one.sha: [kind for kind, asks in _CONVERSIONS.items() if asks.search(one.content)] for one in read}


def _side(mode: bytes, blob: bytes, submodules: bool) -> Item | None:
    traits = _traits(mode)
    return file_item(traits, blob.decode()) if traits and (submodules or traits != SUBMODULE) else None


def _traits(mode: bytes) -> str:
    """A mode as Git writes it today: old repositories hold others, such as 100664."""
    traits = _TRAITS.get(mode)
    if traits is None:
        traits = _TRAITS[mode] = EXECUTABLE if int(mode, 8) & 0o100 else FILE
    return traits
