"""A plan as people and scripts read it: path, action and masked diff, bounded."""

from __future__ import annotations

from typing import Any

from app.domain.diff import unified
from app.domain.plan import PlanItem
from app.domain.tree import Entry, printable
from app.ports import Contents
from app.services.refreshing import DIFF_LIMIT, beginning
from app.services.rollback import Preview

DIFFS = 50
ITEMS = 1000


def shown(preview: Preview) -> list[dict[str, Any]]:
    """What would change: [{"path", "action", "diff"}]; the first DIFFS items carry a diff."""
    work = preview.plan.work[:ITEMS]
    with preview.source.contents() as contents:
        return [_item(contents, item, number < DIFFS) for number, item in enumerate(work)]


def _item(contents: Contents, item: PlanItem, with_diff: bool) -> dict[str, Any]:
    diff = None
    if with_diff:
        before, after = _content(contents, item.known), _content(contents, item.wanted)
        modes = item.known.mode if item.known else None, item.wanted.mode if item.wanted else None
        diff = unified(before, after, printable(item.path), limit=DIFF_LIMIT, modes=modes)
    return {"path": printable(item.path), "action": item.action.value, "diff": diff}


def _content(contents: Contents, entry: Entry | None) -> bytes | None:
    return beginning(contents, entry.blob) if entry else None
