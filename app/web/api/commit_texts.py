"""What the properties of commits and stages mean."""

from __future__ import annotations

from collections.abc import Mapping

COMMIT_TEXTS: Mapping[str, str] = {
    "committed_at": "When the commit was made, by its own account.",
    "commit_time": "When the commit was made, as the pipeline says.",
    "webhook_missed": "Whether a poll found what a webhook should have announced.",
    "Stage.name": "Which stage of the delivery it is.",
    "seen": "Whether Git's ref pointed at it at a look; if not, it lay between two heads and was overtaken unseen.",
    "visible_after": "The last look at the repository that did not show the commit; null: none is known.",
    "pushed_at": "When it was pushed, as the provider's webhook claims; null where none did.",
    "EvidenceItem.ended": "False where it still lasts, as an open drift episode does; then `value` is the time so far.",
    "Noticing.noticed_at": "The first look that showed it, or a newer one.",
    "noticed_by": "Who looked; null: an older version did not write it down.",
    "end": "What became of it; null while it waits, or is being delivered.",
    "Noticing.ended_at": "When that was known; null while it has no end.",
    "Noticing.operation": "Id of the operation that brought the end; null: none did.",
    "superseded_by": "The commit that took its place; null: none did.",
}
