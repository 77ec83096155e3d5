"""Who may ask the network for content."""

from __future__ import annotations

from app.domain.errors import ContentNotFetched
from app.git import in_operation


def expect_operation(what: str) -> None:
    """Raise ContentNotFetched where nobody could stop the wait: a page does not wait for gigabytes."""
    if not in_operation():
        raise ContentNotFetched(f"{what} of this revision is not here yet. Refresh the environment; that fetches it.")
