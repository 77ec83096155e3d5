"""From edits of what is delivered to edits of the repository: the way back of a rendition."""

from __future__ import annotations

from collections.abc import Mapping

from app.domain.environment import Content
from app.domain.errors import WriteBackNotPossible
from app.domain.state.git_files import SUBMODULE, SYMLINK
from app.domain.state.items import Item, printable
from app.ports.sources import Edits
from app.sources.content import line_ends
from app.sources.content.attributes import AttributeRules, Files
from app.sources.lfs import Pointer

_Edit = tuple[str, bytes] | Item | None


def edits(
    wanted: Edits, files: Files, pointers: Mapping[bytes, Pointer], ruled: AttributeRules, content: Content
) -> Edits:
    """The edits as Git would hold them. `files`: what the repository holds, by full path, and `pointers` among them.

    Raises WriteBackNotPossible where no commit has the effect that the target shows.
    """
    links = {path for path, item in files.items() if item.traits == SUBMODULE} if content.submodules else set()
    return {path: _edit(path, edit, links, pointers, ruled, content) for path, edit in wanted.items()}


def _edit(
    path: bytes,
    edit: _Edit,
    links: set[bytes],
    pointers: Mapping[bytes, Pointer],
    ruled: AttributeRules,
    content: Content,
) -> _Edit:
    if any(path == link or path.startswith(link + b"/") for link in links):
        raise _impossible(path, "lies in a submodule; commit it in that repository")
    if edit is None or isinstance(edit, Item) or edit[0] == SYMLINK:
        return edit
    if content.lfs and (path in pointers or ruled.filtered.get(path) == "lfs"):
        raise _impossible(path, "lies in Git LFS; commit it with 'git lfs', which uploads its content")
    if not content.attributes:
        return edit
    if path in ruled.left_out:
        raise _impossible(path, "is left out of deliveries by export-ignore, so a commit would not deliver it")
    found = line_ends.committed(edit[1], ruled.ends.get(path, ""))
    if found is None:
        raise _impossible(path, "has mixed line ends, which .gitattributes would convert at the next delivery")
    return edit[0], found


def _impossible(path: bytes, why: str) -> WriteBackNotPossible:
    return WriteBackNotPossible(f"'{printable(path)}' cannot be written back: it {why}.")
