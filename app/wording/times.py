"""Moments, spans and intervals in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

NOTHING = "–"
_UNITS = ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s"))


def duration(span: float | timedelta | None) -> str:
    """At most two units: "0 s", "340 ms", "2.4 s", "48 s", "1 min 52 s", "3 h 5 min", "2 d 4 h"; with a sign below
    zero. Seconds or a timedelta."""
    value = span.total_seconds() if isinstance(span, timedelta) else span
    if value is None:
        return NOTHING
    if value < 0:
        return f"−{duration(-value)}"
    if value < 0.0005:
        return "0 s"
    if value < 0.9995:
        return f"{round(value * 1000)} ms"
    return f"{value:.1f} s" if value < 9.95 else _two_units(round(value))


def _two_units(total: int) -> str:
    for big, name, small, rest in _UNITS:
        if total >= big:
            more = total % big // small
            return f"{total // big} {name} {more} {rest}" if more else f"{total // big} {name}"
    return f"{total} s"


def every(interval_s: float) -> str:
    """An interval: "every 5 s", "every 2 min"."""
    return f"every {duration(interval_s).replace('.0 ', ' ')}"


def since(start: datetime | None, end: datetime | None = None) -> str:
    """How long from `start` to `end` (default: now)."""
    return duration((end or datetime.now(UTC)) - start) if start else NOTHING


def scale(low_s: float, high_s: float, *, logarithmic: bool) -> str:
    """What the length of a bar means on a shared axis of time."""
    if logarithmic:
        return f"Length is time, on one logarithmic scale from {duration(low_s)} to {duration(high_s)}."
    return f"Length is time, on one scale up to {duration(high_s)}."


def relative(at: datetime | None, now: datetime | None = None) -> str:
    """One unit, rounded down: "just now", "12 s ago", "in 5 min", "3 h ago"; the date from 30 days on.

    static/app.js keeps such texts current and must round alike.
    """
    if at is None:
        return "never"
    gap = ((now or datetime.now(UTC)) - at).total_seconds()
    if abs(gap) < 5:
        return "just now"
    if abs(gap) >= 30 * 86400:
        return _day(at)
    size_s, unit = next(pair for pair in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")) if abs(gap) >= pair[0])
    text = f"{int(abs(gap) // size_s)} {unit}"
    return f"{text} ago" if gap > 0 else f"in {text}"


def _day(at: datetime) -> str:
    """ "23 Nov 2026"; years have four digits, so that the year 21 is not taken for 2021."""
    return f"{at.astimezone(UTC):%-d %b} {at.astimezone(UTC).year:04d}"


def exact(at: datetime | None) -> str:
    """ "23 Nov 2026, 15:02:11 UTC"."""
    return f"{_day(at)}, {at.astimezone(UTC):%H:%M:%S} UTC" if at else "never"


def clock(at: datetime | None) -> str:
    """ "15:02:11", UTC."""
    return f"{at.astimezone(UTC):%H:%M:%S}" if at else NOTHING


def iso(at: datetime | None) -> str:
    """RFC 3339, UTC, microseconds."""
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z" if at else ""
