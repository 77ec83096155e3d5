"""What the comparison says: a row per question, a cell per mode, a verdict between them.

Units: "s" (seconds), "share" (0 to 1), "parts", "credentials", "lines" (each a mean per environment), "a day" (per
environment), "polls" (per delivery), "" (words only).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from app.comparison.counted import Counted, EvidenceRow, Observed

Interval = tuple[float, float]
Bounds = tuple[float | None, float | None]  # an end None: nothing tells it


class Call(StrEnum):
    """Who does better. `even`: enough was measured, and no difference is shown. `open`: not a contest."""

    PUSH = "push"
    PULL = "pull"
    EVEN = "even"
    TOO_FEW = "too_few"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`finding` says what was found, without the winner. `difference` is push minus pull in the row's unit, `interval`
    its 95 % interval (None for what was counted, and where it was not tested).

    `p`: how often chance alone shows as much; `p_adjusted`: among all verdicts of the page (Holm). Both None where
    nothing was tested. `effect`: in which share of pairs of one push and one pull value push has the lower one, ties
    counted half. `environments`: {mode: how many it comes from}. `word`: in what the better one is better ("sooner").
    """

    call: Call
    finding: str
    difference: float | None = None
    interval: Interval | None = None
    p: float | None = None
    p_adjusted: float | None = None
    effect: float | None = None
    environments: Mapping[str, int] | None = None
    word: str = ""

    @property
    def tested(self) -> bool:
        """Whether enough was measured to say that one is better, or that no difference is shown."""
        return self.call in (Call.PUSH, Call.PULL, Call.EVEN)

    @property
    def winner(self) -> str:
        """The mode that does better; "" where none does."""
        return self.call.value if self.call in (Call.PUSH, Call.PULL) else ""

    @property
    def text(self) -> str:
        """The finding, behind the winner if there is one."""
        return f"{self.winner.capitalize()}: {self.finding}" if self.winner else self.finding


@dataclass(frozen=True, slots=True)
class Detail:
    """A further figure of a cell. `text` is the value as a person reads it."""

    label: str
    value: float | None
    unit: str
    text: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One mode's answer. `value` is a median (unit "s"), a share, or a mean per environment; None: not measured, or
    most of the durations have not ended yet.

    `n` is what it was measured on, `interval` its 95 % interval (None for what was counted, and below six values),
    `p95` needs twenty values, the upper end of `p95_interval` 72; `sample` holds at most 200 of the values, ascending.
    `cases`: what was counted, `n` of them; left out of a comparison, which would hold each delivery a dozen times.
    `over_by`: where some durations have not ended, (seconds, share that is over by then), ascending (Kaplan and Meier).
    `observed`: what a rate is over or of, in all (days of environments, polls); None where there is no rate.
    """

    mode: str
    value: float | None
    n: int
    sentence: str
    interval: Bounds | None = None
    p95: float | None = None
    sample: tuple[float, ...] = ()
    details: tuple[Detail, ...] = ()
    cases: tuple[Counted, ...] = ()
    p95_interval: Bounds | None = None
    over_by: tuple[tuple[float, float], ...] = ()
    observed: float | None = None
    over: tuple[Observed, ...] = ()


@dataclass(frozen=True, slots=True)
class Heading:
    """What a row asks. `better`: "lower", "higher" or None; `needed`: what each mode needs for a verdict; `by_design`:
    the figure follows from how a mode is made or set up, so no mode wins by it.

    `definition` is for the page beside the figure. In full: `events`, what of the ledger it is computed from;
    `formula`; `exclusions`, what is left out and why; `source`, who defines it.
    """

    key: str
    criterion: str
    title: str
    question: str
    unit: str
    better: str | None
    needed: int
    definition: str
    by_design: bool = False
    events: str = ""
    formula: str = ""
    exclusions: str = ""
    source: str = ""

    @property
    def contest(self) -> bool:
        """Whether one of the modes can win."""
        return self.better is not None and not self.by_design


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """One question, answered for both modes. `unlike`: in what the two sides differ besides the mode, "" where in
    neither source nor kind of target."""

    heading: Heading
    push: Cell
    pull: Cell
    verdict: Verdict
    unlike: str = ""

    @property
    def cells(self) -> tuple[Cell, Cell]:
        """Push, then pull."""
        return self.push, self.pull


@dataclass(frozen=True, slots=True)
class Pairing:
    """The same revisions delivered both ways, `n` of them by `deliveries` in all. `push` and `pull` are medians over
    these revisions alone, `sample` holds push minus pull per revision (ascending, at most 200)."""

    heading: Heading
    n: int
    push: float | None
    pull: float | None
    push_first: int
    pull_first: int
    sample: tuple[float, ...]
    verdict: Verdict
    sentence: str
    deliveries: int = 0


@dataclass(frozen=True, slots=True)
class StageTime:
    """`at`: median seconds from the commit to the stage's end; `took`: median seconds of the stage itself."""

    name: str
    at: float
    took: float


@dataclass(frozen=True, slots=True)
class Stages:
    """One mode's stage timeline over the deliveries that passed every stage."""

    mode: str
    n: int
    stages: tuple[StageTime, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class Day:
    """A day (UTC) on which something went live. `lead`: {mode: median seconds from commit to live}, where there was
    any; `n`: {mode: deliveries}."""

    day: date
    lead: Mapping[str, float]
    n: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ModeSwitch:
    """A switch from one mode to the other."""

    at: datetime
    before: str
    after: str
    by: str


@dataclass(frozen=True, slots=True)
class Subject:
    """The one environment that is compared with itself, and its present mode. `sentence`: what is set against what."""

    environment: str
    mode: str
    switches: tuple[ModeSwitch, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class CellEvidence:
    """What is behind one cell of a comparison: all that it counted, newest first."""

    heading: Heading
    cell: Cell
    since: datetime
    until: datetime
    rows: tuple[EvidenceRow, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Push against pull in a window. `environments`: {mode: how many there are now}; `note` says, where the window
    holds too much, which part of it was compared ("" otherwise; then `since` is later than the window's name says).
    """

    window: str
    since: datetime
    until: datetime
    labels: Mapping[str, str]
    environments: Mapping[str, int]
    rows: tuple[ComparisonRow, ...]
    paired: tuple[Pairing, ...]
    stages: tuple[Stages, ...]
    days: tuple[Day, ...]
    method: str
    note: str = ""
    subject: Subject | None = None  # None: all environments are compared

    def row(self, key: str) -> ComparisonRow:
        """One row by its key. Raises KeyError."""
        return {row.heading.key: row for row in self.rows}[key]
