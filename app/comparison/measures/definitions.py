"""The definition of every figure, for documents and pages."""

from __future__ import annotations

from app.comparison.figures.same_commits import PAIRED_LEAD, PAIRED_NOTICED
from app.comparison.measures import MEASURES
from app.comparison.result import Heading

DEFINITIONS: tuple[Heading, ...] = (*(entry.heading for entry in MEASURES), PAIRED_LEAD, PAIRED_NOTICED)
UNITS = {
    "s": "seconds; the figure is a median",
    "share": "share of all",
    "a day": "per environment and day",
    "polls": "polls per delivery",
    "": "words, no figure",
}


def unit_of(heading: Heading) -> str:
    """A measure's unit in words."""
    return UNITS.get(heading.unit, f"{heading.unit}, mean per environment")


def better_of(heading: Heading) -> str:
    """Which way is better, or why neither mode can win, in words."""
    if heading.by_design:
        return f"{heading.better} is better, by design: no mode wins by it"
    return f"{heading.better} is better" if heading.better else "neither way is better"
