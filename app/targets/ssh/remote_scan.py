"""The scan of a host: changed files are digested there, and only the digests are sent."""

from __future__ import annotations

import heapq
import re
import stat
from collections.abc import Collection, Iterable, Mapping

from app.domain.state.git_files import DIRECTORY, SYMLINK, blob_id, blob_of, file_item, traits_of
from app.domain.state.items import Item
from app.domain.state.plan import Deviation, LiveState
from app.targets.files.directory_scan import SAMPLE
from app.targets.files.file_inventory import FileInventory
from app.targets.ssh.digests import Digests
from app.targets.ssh.remote_directory import View
from app.targets.ssh.remote_listing import FileStat, RemoteListing

_OURS = re.compile(rb"\.pushpull-[0-9a-f]{12}-[0-9]+(/|\Z)")
_ODD = re.compile(rb"[\\\n\r]")  # names that tools for digests write in ways of their own
Asked = Mapping[bytes, Item | None]


def look_at(
    view: View, book: FileInventory, digests: Digests, wanted: Collection[bytes]
) -> tuple[LiveState, RemoteListing]:
    """Compare some paths only: costs in proportion to them. The listing covers the directories above as well."""
    known, stats = book.known(wanted), book.stats(wanted)
    unsure = {path: entry for path, entry in known.items() if path not in stats}
    listing = (
        view.some(wanted, list(_expected(digests.known() if unsure else {}, unsure)))
        if wanted
        else RemoteListing(0, {})
    )
    same = {path for path, stat in stats.items() if path in listing.facts and listing.facts[path].stamp == stat}
    found = entries(view, digests, listing, {path: known.get(path) for path in wanted if path not in same})
    found |= {path: known[path] for path in same}
    compared = ((path, known.get(path), found.get(path)) for path in sorted(set(wanted)))
    deviations = tuple(Deviation(*one) for one in compared if one[1] != one[2])
    return LiveState(book.head(), deviations, partial=True), listing


def found_at(view: View, digests: Digests, asked: Asked) -> dict[bytes, Item]:
    """The items at some paths; `asked`: the known items there."""
    listing = view.some(asked.keys()) if asked else RemoteListing(0, {})
    return entries(view, digests, listing, asked)


def look_everywhere(
    view: View, book: FileInventory, digests: Digests, wanted: Collection[bytes]
) -> tuple[LiveState, RemoteListing]:
    """Compare every owned file, and count the unmanaged ones."""
    rows = book.rows()
    owned = {path: (file_item(traits_of(mode), blob.hex()), stamp) for path, mode, blob, stamp in rows}
    listing = view.everything(lambda: owned)
    facts = listing.facts
    moved = {path: known for path, (known, stamp) in owned.items() if path in facts and facts[path].stamp != stamp}
    strange = [path for path, one in facts.items() if not stat.S_ISDIR(one.mode) and path not in owned]
    noted = (set(wanted) - owned.keys()) & facts.keys()
    noted |= book.pruned() & set(strange)
    found = entries(view, digests, listing, {**moved, **dict.fromkeys(noted)})
    _remember(book, listing, moved, found)
    deviations = [Deviation(path, known, None) for path, (known, _) in owned.items() if path not in facts]
    deviations += [Deviation(path, known, found.get(path)) for path, known in moved.items() if found.get(path) != known]
    deviations += [Deviation(path, None, found[path]) for path in noted if path in found]
    unmanaged = [path for path in strange if path not in noted and not _OURS.match(path)]
    deviations.sort(key=lambda one: one.key)
    sample = tuple(heapq.nsmallest(SAMPLE, unmanaged))
    return LiveState(book.head(), tuple(deviations), sample, len(unmanaged)), listing


def _remember(
    book: FileInventory, listing: RemoteListing, moved: Mapping[bytes, Item], found: Mapping[bytes, Item]
) -> None:
    """Remember the stats of intact files if a later change would show in them; they were taken before the read."""
    facts = listing.facts
    book.remember(
        [
            (path, facts[path].stamp)
            for path, known in moved.items()
            if found.get(path) == known and listing.settled(facts[path])
        ]
    )


def entries(view: View, digests: Digests, listing: RemoteListing, asked: Asked) -> dict[bytes, Item]:
    """The items of a listing at some paths, with contents' ids and links' texts."""
    there = {path: listing.facts[path] for path in asked if path in listing.facts}
    files = {path: facts for path, facts in there.items() if facts.kind == 0o100000}
    found = {path: file_item(_traits(facts), "") for path, facts in there.items()}
    for path, blob in _blobs(view, digests, listing, {path: asked[path] for path in files}).items():
        found[path] = file_item(_traits(there[path]), blob)
    for path, text in _texts(view, there).items():
        found[path] = file_item(SYMLINK, blob_id(text))
    return found


def _traits(facts: FileStat) -> str:
    return DIRECTORY if stat.S_ISDIR(facts.mode) else traits_of(facts.mode)


def _texts(view: View, there: Mapping[bytes, FileStat]) -> dict[bytes, bytes]:
    links = {path: facts.link for path, facts in there.items() if stat.S_ISLNK(facts.mode)}
    untold = [path for path, text in links.items() if text is None]
    return {path: text for path, text in links.items() if text is not None} | view.links(untold)


def _blobs(view: View, digests: Digests, listing: RemoteListing, asked: Asked) -> dict[bytes, str]:
    """Blob ids of files. Where we know the SHA-256 of what should stand there, that is compared first."""
    known = digests.known() if asked else {}
    expected = _expected(known, asked)
    found_sums = {**listing.digests, **view.digests([path for path in expected if path not in listing.digests])}
    right = {path: blob for path, blob in expected.items() if found_sums.get(path) == known[blob]}
    hashed = view.blobs([path for path in asked if path not in right])
    digests.note(dict(_unknown(hashed.values(), known)))
    return right | {path: blob for path, (blob, _) in hashed.items()}


def _expected(known: Mapping[str, str], asked: Asked) -> dict[bytes, str]:
    """The blobs that should stand somewhere, as far as their SHA-256 is known and the name survives a tool's output."""
    return {
        path: blob_of(entry)
        for path, entry in asked.items()
        if entry and blob_of(entry) in known and not _ODD.search(path)
    }


def _unknown(found: Iterable[tuple[str, str]], known: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    return ((blob, digest) for blob, digest in found if blob not in known)
