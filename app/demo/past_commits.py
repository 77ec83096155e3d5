"""How the demo's repository came to be."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.demo.chance import Chance
from app.laboratory.bundled_site import HISTORY, SiteStep, next_step


def past_steps(now: datetime, chance: Chance, days: int) -> tuple[tuple[datetime, SiteStep], ...]:
    """How the repository came to be, oldest first: the steps of HISTORY before the last `days`, and three commits a day
    since, at times that are drawn; none in the last half hour."""
    since = now - timedelta(days=days)
    founded = [(since - timedelta(hours=step.hours_ago), step) for step in HISTORY]
    span = (now - since).total_seconds() - 5400
    times = sorted(since + timedelta(hours=1, seconds=int(chance.within(span))) for _ in range(3 * days))
    return (*founded, *zip(times, map(next_step, range(3 * days)), strict=True))
