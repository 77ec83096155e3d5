"""Why content in Git LFS cannot be delivered, and the mend."""

from __future__ import annotations

from app.domain.errors import SourceRefused, SourceUnreachable

MEND = "Look at the repository's LFS server, or turn source.lfs off; nothing was delivered."


def refused(what: str) -> SourceRefused:
    """That a person must mend something first."""
    return SourceRefused(f"{what} {MEND}", fields={"source.lfs": MEND})


def unreachable(what: str) -> SourceUnreachable:
    """That it cannot be fetched just now."""
    return SourceUnreachable(f"{what} {MEND}", fields={"source.lfs": MEND})
