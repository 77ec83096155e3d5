"""What is known of an environment that another system delivers: what it told, and when."""

from __future__ import annotations

from app.domain.status import Divergence, SyncStatus
from app.web.pages.environments.header import Head
from app.web.rendering import links
from app.wording.short_names import short
from app.wording.times import relative


def told(head: Head) -> tuple[str, str, str, tuple[str, str] | None]:
    """The tone, title, body and link of the notice: what the system said of live and desired, or that it said nothing
    lately."""
    environment, status, system = head.environment, head.environment.status, head.system
    if status.heard_at is None:
        link = None if head.tab == "pipeline" else ("Connect it", links.environment(environment.name, "pipeline"))
        return "none", f"{system} delivers here, and has not told anything yet.", "", link
    return *_standing(head), f"{system} last told something {relative(status.heard_at, head.now)}.", None


def _standing(head: Head) -> tuple[str, str]:
    status, system = head.environment.status, head.system
    live = short(status.revision)
    if status.revision is None:
        return "none", "Nothing is known to be live yet."
    if head.sync is SyncStatus.SYNCED:
        return "ok", f"{system} says that live equals what is asked for: {live}."
    if head.sync is SyncStatus.OUT_OF_SYNC:
        drifts = status.divergence is Divergence.DRIFT
        why = "what is live was changed" if drifts else "something newer is asked for"
        return "warn" if drifts else "none", f"{system} says that it is out of sync: {why}; {live} is live."
    never = "does not say" if status.checked_at is None else "has not said lately"
    return "none", f"{live} went live; {system} {never} whether it still equals what is asked for."
