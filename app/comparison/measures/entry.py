"""One measure as a value: what it asks, how it speaks, what it counts, and how its figure is made of that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.comparison.evidence import MODES, Evidence
from app.comparison.judgement import Measure, Phrases, times
from app.comparison.result import ComparisonRow, Heading

Figure = Callable[[Heading, Phrases, Measure, Measure], ComparisonRow]


@dataclass(frozen=True, slots=True)
class Entry:
    """`counted` tells what one mode contributes; `figure` makes the row of both: medians (`times`), shares, means of
    counts, rates, or words alone."""

    heading: Heading
    says: Phrases
    counted: Callable[[Evidence, str], Measure]
    figure: Figure = times

    def row(self, evidence: Evidence) -> ComparisonRow:
        """The question, answered for both modes."""
        push, pull = (self.counted(evidence, mode) for mode in MODES)
        return self.figure(self.heading, self.says, push, pull)
