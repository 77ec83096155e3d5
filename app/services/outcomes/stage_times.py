"""The stages of a delivery that lie before it: committed, visible on the remote, noticed."""

from __future__ import annotations

from datetime import UTC, datetime

from app.domain.errors import Problem
from app.domain.operation import Request, Stage, StageName, Trigger
from app.domain.revision import Revision
from app.ports import Source

GIT_IS_OLDER_THAN = datetime(2005, 4, 7, tzinfo=UTC)  # its first commit: an earlier date is a wrong clock's
PARENTS = 8


def origin(request: Request, source: Source, revision: Revision, noticed: datetime) -> tuple[Stage, ...]:
    """When a commit was made, could be seen, and was noticed; a date that cannot be is left out, and so is what a
    rollback has no use for: nobody waited for what was live before."""
    at_last = Stage(StageName.NOTICED, noticed, noticed)
    if request.trigger is Trigger.ROLLBACK:
        return (at_last,)
    committed, after = committed_at(source, revision, noticed), request.visible_after
    if committed is None:
        return Stage(StageName.VISIBLE, min(after or noticed, noticed), noticed), at_last
    visible = Stage(StageName.VISIBLE, min(max(after or committed, committed), noticed), noticed)
    return Stage(StageName.COMMITTED, committed, committed), visible, at_last


def committed_at(source: Source, revision: Revision, noticed: datetime) -> datetime | None:
    """When a commit was made, to the second; None where what it says cannot be: no date, one from the future, from
    before Git was there, or from before its parents, as some rebases leave it."""
    told = revision.committed_at
    if not revision.dated or not GIT_IS_OLDER_THAN <= told <= noticed:
        return None
    return None if any(parent > told for parent in _parents(source, revision)) else told


def _parents(source: Source, revision: Revision) -> list[datetime]:
    dates = []
    for sha in revision.parents[:PARENTS]:
        try:
            parent = source.resolve(sha)
        except Problem:
            continue  # the mirror does not reach back so far
        if parent.dated:
            dates.append(parent.committed_at)
    return dates
