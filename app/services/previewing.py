"""A plan as people and scripts read it: path, action and masked diff, bounded."""

from __future__ import annotations

from typing import Any

from app.domain.diff import unified
from app.domain.errors import Temporary
from app.domain.plan import PlanItem
from app.domain.tree import Entry, printable
from app.ports import Contents
from app.services.refreshing import DIFF_LIMIT, READ_LIMIT
from app.services.rollback import Preview

DIFFS = 50
ITEMS = 1000


def as_dict(preview: Preview) -> dict[str, Any]:
    """The whole preview in the contract's shape."""
    return {
        "environment": preview.environment.name,
        "from_revision": preview.environment.status.revision,
        "revision": preview.revision.sha,
        "subject": preview.revision.subject,
        "forward": preview.forward,
        "items": shown(preview),
        "count": len(preview.plan.work),
        "unmanaged": [printable(path) for path in preview.live.unmanaged],
        "unmanaged_count": preview.live.unmanaged_count,
    }


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
    if entry is None:
        return None
    parts: list[bytes] = []
    try:
        contents.write_to(entry.blob, parts.append)
    except Temporary:
        return None
    return b"".join(parts)[:READ_LIMIT]
