"""From a directory at a revision to the tree that is delivered of it.

The tree is an object of the mirror like those that were fetched: listing, comparing and reading it is as cheap. Only
the making asks the network, and only for what is not here yet.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.domain.environment import Content
from app.domain.errors import RevisionNotFound, SourceRefused
from app.domain.state.git_files import EMPTY_TREE, SUBMODULE, blob_of, file_item
from app.domain.state.items import Item
from app.git import GitFailed
from app.ports.sources import Edits, Source
from app.sources.content import attributes, committable, submodules
from app.sources.content.attributes import AttributeRules, Files
from app.sources.content.rendition_notes import RenditionNotes
from app.sources.content.submodule_trees import SubmoduleTrees
from app.sources.content.tree_index import temporary_index
from app.sources.lfs import LfsObjects, Pointer, parse_pointer
from app.sources.locks import own_disk
from app.sources.mirror import Mirror
from app.sources.objects import ref_names, trees
from app.sources.objects.trees import Limits

MADE = "made-"  # before the id of a state, so that it is not taken for a tree's
MADE_BY = 1  # grows where the same files would be made into others than before


@dataclass(frozen=True, slots=True)
class Means:
    """What a rendition is made with."""

    limits: Limits
    lfs: LfsObjects
    submodules: SubmoduleTrees


class Renditions:
    """Implements the port Rendition for one repository."""

    def __init__(self, source: Source, mirror: Mirror, content: Content, means: Means) -> None:
        self._source, self._mirror, self._content, self._means = source, mirror, content, means
        self._repository, self._reader = mirror.repository, mirror.reader
        self._notes = RenditionNotes(mirror)

    # --- what is delivered ---
    def id(self, sha: str, path: str) -> str:
        tree = self._source.tree(sha, path)
        if tree == EMPTY_TREE:
            return tree
        place = ref_names.directory(path)
        depth = self._means.submodules.depth  # how deep submodules may still be nested depends on it
        said = [MADE_BY, depth, *self._content.chosen(), place, tree, *self._surroundings(sha, place)]
        return MADE + hashlib.sha1(json.dumps(said).encode(), usedforsecurity=False).hexdigest()

    def tree(self, sha: str, path: str, id: str = "") -> str:
        id = id or self.id(sha, path)
        found = EMPTY_TREE if id == EMPTY_TREE else self.known(id)
        if found:
            return found
        if id != self.id(sha, path):
            raise RevisionNotFound(f"What was delivered of {sha[:8]} with other choices is not in the mirror any more.")
        return self._made(sha, path, id)

    def known(self, id: str) -> str | None:
        with own_disk():
            return self._notes.find(id)

    def same_surroundings(self, sha: str, other: str, path: str) -> bool:
        place = ref_names.directory(path)
        if self._surroundings(sha, place) != self._surroundings(other, place):
            return False
        return not self._content.submodules or self._links(sha, path) == self._links(other, path)

    def committable(self, sha: str, path: str, edits: Edits) -> Edits:
        place = ref_names.directory(path)
        files = self._files(self._source.tree(sha, path), place)
        with temporary_index(self._repository) as index:
            ruled = AttributeRules()
            if self._content.attributes or self._content.lfs:
                index.put([*self._above(sha, place), *files.items()])
                ruled = attributes.rules(index, _base(place), sorted(edits))
        pointers = self._pointers(files) if self._content.lfs else {}
        return committable.edits(edits, files, pointers, ruled, self._content)

    # --- making it ---
    def _made(self, sha: str, path: str, id: str) -> str:
        place, brought = ref_names.directory(path), set[str]()
        try:
            with own_disk():
                tree = self._rendered(sha, place, self._source.tree(sha, path), brought)
                self._notes.keep(id, tree)
        except GitFailed as failure:
            raise SourceRefused(
                f"What is delivered of {sha[:8]} cannot be made (git ended with {failure.code}). "
                "Deliver it without source.lfs, source.submodules and source.attributes.",
                fields={"source.path": "holds files that git does not take into a tree"},
            ) from None
        finally:
            self._notes.release(brought)
        return tree

    def _rendered(self, sha: str, place: str, tree: str, brought: set[str]) -> str:
        before = self._files(tree, place)
        ruled = self._ruled(sha, place, before) if self._content.attributes else AttributeRules()
        files = {path: item for path, item in before.items() if path not in ruled.left_out}
        ends = {path: how for path, how in ruled.ends.items() if path in files}
        if self._content.lfs:
            pointers = self._pointers(files)
            files |= self._objects(files, pointers)
            ends = {path: how for path, how in ends.items() if path not in pointers}
        if ends:
            files = attributes.converted(self._source, self._repository, files, ends)
        if self._content.submodules:
            files = self._with_submodules(sha, files, brought)
        return tree if files == before else self._written(place, files)

    def _written(self, place: str, files: Files) -> str:
        if not files:
            return EMPTY_TREE
        with temporary_index(self._repository) as index:
            index.put(files.items())
            return index.tree(place)

    def _files(self, tree: str, place: str) -> Files:
        """Everything below a directory by its full path, submodules included."""
        return self._files_at(tree, _base(place))

    def _files_at(self, tree: str, base: bytes) -> Files:
        try:
            listed = trees.listing(self._repository, tree, self._means.limits.entries)
            return {base + path: item for path, item in listed}
        except GitFailed as failure:
            trees.expect_shallow(failure)
            raise self._mirror.damaged("missing") from None

    def _ruled(self, sha: str, place: str, files: Files) -> AttributeRules:
        outside = self._above(sha, place)
        name = attributes.NAME.encode()
        if not outside and not any(path.rpartition(b"/")[2] == name for path in files):
            return AttributeRules()
        with temporary_index(self._repository) as index:
            index.put([*outside, *files.items()])
            return attributes.rules(index, _base(place), list(files))

    def _above(self, sha: str, place: str) -> list[tuple[bytes, Item]]:
        """The `.gitattributes` above a directory."""
        names = attributes.above(place)
        found = zip(names, self._ids(sha, names), strict=True)
        return [(name.encode(), file_item("100644", id)) for name, id in found if id]

    # --- Git LFS ---
    def _pointers(self, files: Files) -> Mapping[bytes, Pointer]:
        plain = {path: blob_of(item) for path, item in files.items() if item.traits.startswith("100")}
        likely = sorted(trees.pointers_among(self._reader, set(plain.values())))
        read = {one.sha: parse_pointer(one.content) for one in self._reader.read(likely) if one}
        return {path: found for path, blob in plain.items() if (found := read.get(blob))}

    def _objects(self, files: Files, pointers: Mapping[bytes, Pointer]) -> Files:
        blobs = self._means.lfs.blobs(pointers) if pointers else {}
        return {path: file_item(files[path].traits, blobs[one.oid]) for path, one in pointers.items()}

    # --- submodules ---
    def _with_submodules(self, sha: str, files: Files, brought: set[str]) -> Files:
        links = {path: blob_of(item) for path, item in files.items() if item.traits == SUBMODULE}
        if len(links) > submodules.MOST:
            raise submodules.refused(min(links), f"the tree holds more than {submodules.MOST} of them")
        (blob,) = self._ids(sha, [submodules.FILE]) if links else ("",)
        urls = submodules.addresses_in(self._repository, blob) if blob else {}
        for path, commit in links.items():
            if path not in urls:
                raise submodules.refused(path, ".gitmodules names no address for it")
            tree = self._means.submodules.bring(self._repository, path, urls[path], commit, self._content)
            brought.add(tree)
            del files[path]
            files |= self._files_at(tree, path + b"/")
            if len(files) > self._means.limits.entries:
                raise trees.too_many(self._means.limits.entries)
        return files

    def _links(self, sha: str, path: str) -> Files:
        files = self._files(self._source.tree(sha, path), "")
        return {path: item for path, item in files.items() if item.traits == SUBMODULE}

    # --- what counts outside of the directory ---
    def _surroundings(self, sha: str, place: str) -> list[str]:
        names = attributes.above(place) if self._content.attributes else ()
        if self._content.submodules and place:
            names = (*names, submodules.FILE)
        return self._ids(sha, names)

    def _ids(self, sha: str, names: Iterable[str]) -> list[str]:
        """The blobs at some paths of a commit; "" where there is none."""
        found = self._reader.facts([f"{sha}:{name}" for name in names])
        return [one.sha if one and one.kind == "blob" else "" for one in found]


def _base(place: str) -> bytes:
    return place.encode() + b"/" if place else b""
