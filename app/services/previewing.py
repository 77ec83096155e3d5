"""A plan as people and scripts read it: path, action and masked diff, bounded."""

from __future__ import annotations

from typing import Any

from app.domain.diff import unified
from app.domain.plan import PlanItem
from app.domain.tree import Entry, printable
from app.ports import Contents, Target
from app.services.refreshing import DIFF_LIMIT, READ_LIMIT, beginning
from app.services.rollback import Preview

DIFFS = 50
ITEMS = 1000


def shown(preview: Preview) -> list[dict[str, Any]]:
    """What would change: [{"path", "action", "diff"}]; the first DIFFS items carry a diff."""
    work = preview.plan.work[:ITEMS]
    with preview.source.contents() as contents:
        return [
            _bare(item, _diff(contents, preview.target, item) if number < DIFFS else None)
            for number, item in enumerate(work)
        ]


def _bare(item: PlanItem, diff: str | None) -> dict[str, Any]:
    return {"path": printable(item.path), "action": item.action.value, "diff": diff}


def _diff(contents: Contents, target: Target, item: PlanItem) -> str | None:
    """From what is there now to what will be; where live moved, what is there is not what we delivered."""
    moved = item.found != item.known
    before = target.read(item.path, READ_LIMIT) if moved and item.found else _content(contents, item.found)
    modes = item.found.mode if item.found else None, item.wanted.mode if item.wanted else None
    return unified(before, _content(contents, item.wanted), printable(item.path), limit=DIFF_LIMIT, modes=modes)


def _content(contents: Contents, entry: Entry | None) -> bytes | None:
    return beginning(contents, entry.blob) if entry else None
