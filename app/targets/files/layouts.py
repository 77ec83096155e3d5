"""How delivered files lie in a directory: in place, or a folder per revision behind a link."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.domain.specification.target_kind import FieldType, Leftover, TargetFact, TargetField

IN_PLACE, RELEASES = "in_place", "releases"
KEEP_RELEASES = 5

LAYOUT_FIELDS = (
    TargetField(
        "layout", "Layout", "With releases, readers never see two revisions mixed.",
        type=FieldType.CHOICE, default=IN_PLACE, row="layouts",
        choices=(
            (IN_PLACE, "In place: files are written beside and renamed"),
            (RELEASES, "Releases: a folder per revision and a link that switches"),
        ),
    ),
    TargetField(
        "keep_releases", "Releases to keep", "Older folders are removed.",
        type=FieldType.NUMBER, default=KEEP_RELEASES, low=1, high=100, row="layouts", when=("layout", RELEASES),
    ),
)  # fmt: skip
LEFTOVERS = (
    Leftover("Older folders below {place}/releases stay too, and are not cleaned up any more.", ("layout", RELEASES)),
    Leftover(
        "Directories that deliveries made at {place} are no longer known as ours: they stay also when empty.",
        ("layout", IN_PLACE),
        switched=True,
    ),
)


def with_releases(options: Mapping[str, Any]) -> bool:
    """Whether the options ask for a folder per revision."""
    return options.get("layout") == RELEASES


def kept_releases(options: Mapping[str, Any]) -> int:
    """The number of release folders to keep."""
    return int(options.get("keep_releases") or KEEP_RELEASES)


def layout_fact(options: Mapping[str, Any]) -> TargetFact:
    """The layout in words."""
    return TargetFact("Layout", "a folder per revision" if with_releases(options) else "in place")
