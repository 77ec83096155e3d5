"""What of a revision is not delivered as it is meant, in sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from app.domain.operation import UnsupportedPath
from app.wording.quantities import plural

_KINDS = {
    "submodule": ("submodule", "submodules"),
    "lfs_pointer": ("Git LFS pointer", "Git LFS pointers"),
    "gitattributes": (".gitattributes with conversions", ".gitattributes with conversions"),
}
_WHY = {
    "submodule": "A submodule is left out.",
    "lfs_pointer": "Of a file in Git LFS its pointer is delivered, not its content.",
    "gitattributes": "Files are delivered as they lie in Git: eol, ident, export-ignore and encodings are not applied.",
}
_NAMED = 5


def counts(kinds: Sequence[str]) -> str:
    """ "2 submodules, 1 Git LFS pointer"."""
    return ", ".join(plural(count, *_KINDS.get(kind, (kind, kind))) for kind, count in Counter(kinds).items())


def explained(found: Sequence[UnsupportedPath]) -> str:
    """Which paths, and what that means for each kind."""
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    named = ", ".join(one.path for one in found[:_NAMED])
    return " ".join([f"{named}{more}.", *(_WHY[kind] for kind in _WHY if any(one.kind == kind for one in found))])
