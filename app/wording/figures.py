"""The derivation of a figure of the comparison, in words."""

from __future__ import annotations

from app.wording.times import duration


def middle_of(n: int, p95: float | None = None) -> str:
    """The derivation of a median of durations: its sample size and 95th percentile (`p95`, in seconds)."""
    if n == 1:
        return "the only one measured"
    return f"median of {n:,}" if p95 is None else f"median of {n:,}, 95 % within {duration(p95)}"
