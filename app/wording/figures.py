"""The derivation of a figure of the comparison, what a verdict lacks, and what would give one, in words."""

from __future__ import annotations

from math import floor, isinf

from app.wording.quantities import percent, plural
from app.wording.times import duration

NOT_TWINS = (
    "No twins: their source, path or kind of target differs, so the environments may differ as much as the modes. Five "
    "environments of each mode, twins or a shadow would tell"
)


def middle_of(
    n: int, p95: float | None = None, bounds: tuple[float | None, float | None] | None = None, open_: int = 0
) -> str:
    """The derivation of a median of durations: its sample size, 95th percentile (`p95`, in seconds) and where that lies
    (`bounds`; an end None where nothing tells it), and how many of them have not ended yet."""
    if n == 1:
        return "the only one measured"
    text = f"median of {n:,}"
    if open_:
        text += f", {open_:,} of them not over yet"
    if p95 is not None:
        text += f", 95 % within {duration(p95)}{_bounds(bounds or (None, None))}"
    return text


def _bounds(bounds: tuple[float | None, float | None]) -> str:
    low, high = bounds
    if low == high:
        return ""
    if high is None:
        return f": at least {duration(low)}, no upper bound below 72 values"
    return f": {duration(low)} to {duration(high)}"


def bounded(n: int, open_: int, longest: float) -> str:
    """What is said where most durations have not ended, `open_` of `n`, so that no median is known."""
    which = "the only one is" if n == 1 else f"{open_:,} of {n:,} are"
    return f"{which} not over yet, so that no median is known; the longest so far is {duration(longest)}."


def environments_missing(push: int, pull: int, needed: int) -> str:
    """Why two modes with few environments are not judged."""
    return (
        f"Too few environments to say ({push:,} push, {pull:,} pull; {needed} of each needed). Sooner: a shadow, twin "
        "environments or a switch"
    )


def couples_missing(couples: int, needed: int, environments: int) -> str:
    """Why commits that went to a few environments of both modes are not judged."""
    return (
        f"Too few environments to say: it takes {environments} of each mode with the same commits, {needed} couples "
        f"(there {'is' if couples == 1 else 'are'} {couples:,}), or twins alone"
    )


def stretches_missing(worth: float) -> str:
    """Why values that lean on each other are not judged."""
    told = plural(max(1, floor(worth)), "independent one")
    return f"Too few to say: values that follow one another are alike here, and tell no more than {told}"


def needed_in_words(needed: float | None, most: int, what: str) -> str:
    """How many would show a difference of the size that was seen, as the end of a sentence; "" where that is not known.
    `what`: "pairs", "environments of each mode"."""
    if needed is None:
        return ""
    size = f"more than {most:,}" if isinf(needed) or needed > most else f"about {round(needed):,}"
    return f"; to show one of this size: {size} {what}"


def chance_in_words(p: float, together: float | None) -> str:
    """How often chance alone shows as much: for this question, and (`together`) among all of the page."""
    told = f"Chance alone would show as much in {_of_a_thousand(p)} cases (p {_p(p)})"
    if together is None or together == p:
        return f"{told}."
    return f"{told}; weighed together with all that the page tests, p {_p(together)} (below 0.05 counts)."


def effect_in_words(share: float, word: str) -> str:
    """In which share of pairs push does better than pull, or the other way round. `word`: "sooner"."""
    mode, more = ("push", share) if share >= 0.5 else ("pull", 1 - share)
    return f"Of all pairs of one push and one pull value, {mode} has the {word or 'lower'} one in {percent(more)}."


def _p(value: float) -> str:
    return "below 0.001" if value < 0.001 else f"{value:.3f}" if value < 0.1 else f"{value:.2f}"


def _of_a_thousand(share: float) -> str:
    return "fewer than 1 of 1,000" if share < 0.001 else f"{round(share * 1000):,} of 1,000"
