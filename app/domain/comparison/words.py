"""How the comparison's figures read in a sentence."""

from __future__ import annotations

from collections.abc import Iterable

_UNITS = ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s"))


def span(seconds: float) -> str:
    """ "0 s", "340 ms", "3.1 s", "48 s", "1 min 52 s", "3 h 5 min", "2 d 4 h"; with a sign below zero."""
    if seconds < 0:
        return f"−{span(-seconds)}"
    if round(seconds, 3) == 0:
        return "0 s"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    total = round(seconds)
    for big, name, small, rest in _UNITS:
        if total >= big:
            more = total % big // small
            return f"{total // big} {name} {more} {rest}" if more else f"{total // big} {name}"
    return f"{total} s"


def percent(share: float) -> str:
    """ "0 %", "97.5 %", "100 %": never rounded up to all or down to none."""
    points = share * 100
    if 0 < points < 0.1:
        return "under 0.1 %"
    if 99.9 < points < 100:
        return "over 99.9 %"
    return f"{points:.1f} %".replace(".0 %", " %")


def number(value: float) -> str:
    """ "3", "1,240", "2.5"."""
    text = f"{value:,.1f}"
    return text.removesuffix(".0").replace("-", "−")


def amount(value: float, unit: str) -> str:
    """A figure with its unit."""
    if unit == "s":
        return span(value)
    if unit == "share":
        return percent(value)
    return f"{number(value)} {unit.removesuffix('s') if value == 1 else unit}".strip()


def gap(value: float, unit: str) -> str:
    """The size of a difference: shares differ in points."""
    return amount(round(100 * value, 1), "points") if unit == "share" else amount(value, unit)


def plural(count: float, word: str, many: str = "") -> str:
    """ "1 commit", "3 commits", "2 deliveries" (many="deliveries")."""
    return f"{number(count)} {word if count == 1 else many or word + 's'}"


def listed(parts: Iterable[str]) -> str:
    """ "a", "a and b", "a, b and c", "none"."""
    *most, last = list(parts) or ["none"]
    return f"{', '.join(most)} and {last}" if most else last


def middle_of(n: int, p95: float | None = None) -> str:
    """How a median of durations was come by."""
    if n == 1:
        return "the only one measured"
    return f"median of {n:,}" if p95 is None else f"median of {n:,}, 95 % within {span(p95)}"
