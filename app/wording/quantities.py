"""Numbers, sizes, shares and lists in words."""

from __future__ import annotations

from collections.abc import Iterable

from app.wording.times import NOTHING, duration


def number(value: float | None) -> str:
    """ "1,240", "3.5", "−2": at most one decimal place, and none from 100 on."""
    if value is None:
        return NOTHING
    whole = value == round(value) or abs(value) >= 100
    return (f"{round(value):,}" if whole else f"{value:,.1f}").replace("-", "−")


def size(count: int | None) -> str:
    """Bytes as "512 B", "2.0 KB", "1.4 MB"."""
    amount, units = float(count or 0), ["B", "KB", "MB", "GB", "TB"]
    while amount >= 1000 and len(units) > 1:
        amount, units = amount / 1000, units[1:]
    return f"{amount:.0f} {units[0]}" if units[0] == "B" else f"{amount:.1f} {units[0]}"


def plural(count: float, word: str, many: str = "") -> str:
    """ "1 file", "3 files", "2 entries" (many="entries")."""
    return f"{number(count)} {agree(count, word, many or word + 's')}"


def agree(count: float, one: str, many: str) -> str:
    """The form of a word that goes with a count: agree(1, "needs", "need") is "needs"."""
    return one if count == 1 else many


def listed(words: Iterable[str], nothing: str = "") -> str:
    """ "a", "a and b", "a, b and c"; `nothing` where there are none."""
    *most, last = list(words) or [nothing]
    return f"{', '.join(most)} and {last}" if most else last


def percent(share: float) -> str:
    """ "0 %", "97.5 %", "100 %": never rounded up to all or down to none."""
    points = share * 100
    if 0 < points < 0.1:
        return "under 0.1 %"
    if 99.9 < points < 100:
        return "over 99.9 %"
    return f"{points:.1f} %".replace(".0 %", " %")


def figure_and_unit(value: float, unit: str) -> tuple[str, str]:
    """A figure and the word behind it: "s" is seconds and "share" a part of one, which need none; other units are words
    in the plural."""
    if unit == "s":
        return duration(value), ""
    if unit == "share":
        return percent(value), ""
    return _mean(value), unit.removesuffix("s") if value == 1 else unit


def _mean(value: float) -> str:
    """As `number`, with up to two decimal places: quarters and thirds of a thing are told apart."""
    return number(value) if abs(value) >= 100 else f"{value:,.2f}".rstrip("0").rstrip(".").replace("-", "−")


def amount(value: float, unit: str) -> str:
    """A figure with its unit, as `figure_and_unit` takes it."""
    return " ".join(part for part in figure_and_unit(value, unit) if part)


def gap(value: float, unit: str) -> str:
    """The size of a difference: shares differ in points."""
    return amount(round(100 * value, 1), "points") if unit == "share" else amount(value, unit)


def secrets_in_words(lines: int | None) -> str:
    """What looks like secrets in a content; "" where nothing does. None: it is too large to be looked through."""
    if lines is None:
        return "too large to be looked through for secrets"
    if not lines:
        return ""
    return "1 line looks like a secret" if lines == 1 else f"{lines:,} lines look like secrets"
