"""The four criteria by which push and pull are set against each other; each question belongs to one of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from app.comparison.result import Call, ComparisonRow

SUITS = "suits"
TITLES: Mapping[str, tuple[str, str]] = {
    "status": ("Status synchronization", "Does what is live agree with Git, how soon, and for how long does it not?"),
    "installation": ("Installation", "What does it take until an environment is delivered to?"),
    SUITS: ("What it suits", "What does it serve well, and what happens when something fails?"),
    "security": ("Security", "Who holds which secrets, and what is on record?"),
}
CRITERIA: Mapping[str, str] = {
    "status synchronization": "status",
    "immediacy": "status",
    "drift": "status",
    "installation effort": "installation",
    "configuration size": "installation",
    "security": "security",
    "audit completeness": "security",
}  # any other one tells what a mode suits


@dataclass(frozen=True)
class CriterionGroup:
    """The questions of a criterion, in the order of the comparison."""

    key: str
    title: str
    question: str
    rows: tuple[ComparisonRow, ...]

    @cached_property
    def measured(self) -> tuple[ComparisonRow, ...]:
        """Those of which there is a case on either side."""
        return tuple(row for row in self.rows if row.push.n or row.pull.n)

    @cached_property
    def unmeasured(self) -> tuple[ComparisonRow, ...]:
        """Those of which nothing has happened yet."""
        return tuple(row for row in self.rows if not (row.push.n or row.pull.n))

    def called(self, call: Call) -> tuple[ComparisonRow, ...]:
        """Measured ones with this verdict."""
        return tuple(row for row in self.measured if row.verdict.call is call)


def grouped(rows: Iterable[ComparisonRow]) -> tuple[CriterionGroup, ...]:
    """All rows, each in its group."""
    of: dict[str, list[ComparisonRow]] = {key: [] for key in TITLES}
    for row in rows:
        of[CRITERIA.get(row.heading.criterion, SUITS)].append(row)
    return tuple(CriterionGroup(key, *TITLES[key], tuple(members)) for key, members in of.items())
