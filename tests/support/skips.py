"""A loud word about what a run left out."""

from __future__ import annotations

from collections import Counter
from typing import Any


def missing(reports: list[Any]) -> list[str]:
    """One line per reason, with the number of tests (or whole files) that it kept from running."""
    # The same file is collected, and skipped, by every worker: count it once.
    once = {(report.nodeid, _reason(report)) for report in reports}
    counts = Counter(reason for _, reason in once)
    return [f"{count:>4} x {reason}" for reason, count in sorted(counts.items())]


def _reason(report: Any) -> str:
    described = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return str(described).removeprefix("Skipped: ")
