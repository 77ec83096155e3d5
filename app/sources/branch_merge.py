"""Whether edits made on one commit can go on top of another: only where the files did not change in between."""

from __future__ import annotations

from collections.abc import Iterator

from app.domain.errors import RevisionNotFound
from app.domain.revision import Revision
from app.domain.state.git_files import EMPTY_TREE, blob_id, file_item
from app.domain.state.items import Change, Item
from app.ports.sources import Edits, Meeting, Source

LOOKED = 200  # commits that are looked through for the one in the way


def in_the_way(source: Source, base: str, head: Revision, edits: Edits) -> Meeting | None:
    """What on `head` stands in the way of edits made on `base`; None where a three-way merge has no conflict.

    A file in the place of an edited file's directory, or below it, is in the way as well; the same change on both sides
    is not.
    """
    above = {folder for path in edits for folder in _folders(path)}
    for change in source.changes(source.tree(base, ""), source.tree(head.sha, "")):
        path = change.key
        if path in edits and not _alike(edits[path], change.after):
            return Meeting(path, _changed_by(source, base, head, path))
        blocked = any(edits.get(folder) is not None for folder in _folders(path)) and change.after is not None
        if blocked or (path in above and change.after is not None):
            return Meeting(path, _changed_by(source, base, head, path))
    return None


def _alike(edit: tuple[str, bytes] | Item | None, there: Item | None) -> bool:
    if edit is None or isinstance(edit, Item):
        return edit == there
    traits, content = edit
    return there == file_item(traits, blob_id(content))


def _folders(path: bytes) -> Iterator[bytes]:
    at = path.find(b"/")
    while at >= 0:
        yield path[:at]
        at = path.find(b"/", at + 1)


def _changed_by(source: Source, base: str, head: Revision, path: bytes) -> Revision:
    """The newest commit that changed a path since `base`; the head where that cannot be told."""
    try:
        commits = source.between(base, head.sha, LOOKED)
        return next((one for one in commits if any(path == change.key for change in _own(source, one))), head)
    except RevisionNotFound:
        return head


def _own(source: Source, commit: Revision) -> tuple[Change, ...]:
    before = source.tree(commit.parents[0], "") if commit.parents else EMPTY_TREE
    return source.changes(before, source.tree(commit.sha, ""))
