"""What samples tell, by the standard library alone: of one, of two, of pairs, in time, and of what has not ended."""

from app.comparison.statistics.intervals import (
    Interval,
    median,
    median_interval,
    poisson_interval,
    quantile,
    quantile_interval,
    share_difference,
    share_interval,
    thinned,
)

__all__ = [
    "Interval",
    "median",
    "median_interval",
    "poisson_interval",
    "quantile",
    "quantile_interval",
    "share_difference",
    "share_interval",
    "thinned",
]
