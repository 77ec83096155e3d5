"""How a figure of the comparison was come by."""

from __future__ import annotations

from app.wording.times import duration


def middle_of(n: int, p95: float | None = None) -> str:
    """How a median of durations was come by; `p95` in seconds."""
    if n == 1:
        return "the only one measured"
    return f"median of {n:,}" if p95 is None else f"median of {n:,}, 95 % within {duration(p95)}"
