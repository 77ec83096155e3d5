"""What is said for and against push and pull, each claim beside what this installation measured of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from app.comparison.evidence import Evidence
from app.comparison.result import Cell, ComparisonRow
from app.domain.environment import Mode, RunsOn
from app.domain.operation import Phase, Trigger
from app.wording.quantities import amount, plural

PUSH, PULL = Mode.PUSH.value, Mode.PULL.value
FOR, AGAINST = "for", "against"


def by_pipeline(evidence: Evidence) -> tuple[int, int, str]:
    """Of the pushed syncs that changed what is live, how many a pipeline started; and that in words."""
    facts = [fact for fact in evidence.finished[PUSH] if fact.phase is Phase.SUCCEEDED and not fact.told_by]
    changed = [fact for fact in facts if fact.outcome is not None and fact.outcome.changed_live]
    hits = sum(fact.trigger is Trigger.PIPELINE for fact in changed)
    return hits, len(changed), f"A pipeline started {hits:,} of {plural(len(changed), 'sync')} that changed something."


def with_agent(evidence: Evidence) -> tuple[int, int, str]:
    """Of the pulled environments, how many have an agent; and that in words."""
    pulled = evidence.ours(PULL)
    hits = sum(one.runs_on is RunsOn.AGENT for one in pulled)
    return hits, len(pulled), f"An agent works for {hits:,} of {len(pulled):,} pull environments."


@dataclass(frozen=True, slots=True)
class Claim:
    """Something that is said of a mode. `measure`: the key of the row that measures it; `missing`: what would, where
    nothing was; `everywhere`: whether one environment alone cannot show it; `counted`: what the row's figure is
    replaced with, where it counts something wider: a share of what the row counted, and its words."""

    mode: str
    side: str
    key: str
    title: str
    measure: str
    missing: str
    everywhere: bool = False
    counted: Callable[[Evidence], tuple[int, int, str]] | None = None


CLAIMS = (
    Claim(PUSH, FOR, "easy_deployment", "Easy deployment", "installation_effort", "a registered push environment"),
    Claim(PUSH, FOR, "pipeline_reuse", "Reuse of the pipeline", "automation", "deliveries that a pipeline starts",
          counted=by_pipeline),
    Claim(PUSH, FOR, "immediate_execution", "Immediate execution", "visible_to_live", "commits that are pushed"),
    Claim(PUSH, AGAINST, "hard_to_track_drift", "Drift is hard to track", "drift_found",
          "drift in a push environment, found by a refresh"),
    Claim(PUSH, AGAINST, "pipeline_dependence", "Dependence on the pipeline", "pipeline_dependence",
          "commits that a pipeline or webhook should bring"),
    Claim(PUSH, AGAINST, "rollback_missing", "No rollback of its own", "time_to_restore",
          "a rollback of a push environment"),
    Claim(PUSH, AGAINST, "security_risk", "Security risk", "security", "a registered push environment"),
    Claim(PUSH, AGAINST, "audit_challenges", "Hard to audit", "audit_completeness", "a finished push delivery"),
    Claim(PULL, FOR, "automation", "Automation", "automation", "pull deliveries that change something"),
    Claim(PULL, FOR, "easy_rollback", "Easy rollback", "time_to_restore", "a rollback of a pull environment"),
    Claim(PULL, FOR, "multi_cluster", "Many clusters at once", "multi_environment_reach",
          "one commit that goes to two pull environments", everywhere=True),
    Claim(PULL, AGAINST, "agent_installation", "An agent to install", "installation_effort",
          "a registered pull environment", counted=with_agent),
    Claim(PULL, AGAINST, "complex_configuration", "Complex configuration", "configuration_size",
          "a registered pull environment"),
    Claim(PULL, AGAINST, "polling_latency", "Polling takes time", "noticed", "commits that are pulled"),
)  # fmt: skip
CRITERIA = (
    ("status_synchronization", "Status synchronization"),
    ("installation_effort", "Installation"),
    ("suitability", "What it suits"),
    ("security", "Security"),
)


@dataclass(frozen=True, slots=True)
class MeasuredSide:
    """What was measured of one mode. `place`: "here" in the environment, "elsewhere" in all of that mode, "" nowhere;
    `figure`: the value in words, "" where words alone say it."""

    mode: str
    measure: str
    place: str
    value: float | None
    unit: str
    figure: str
    n: int
    text: str


@dataclass(frozen=True, slots=True)
class Compared:
    """Evidence, and the rows that a comparison makes of it."""

    evidence: Evidence
    rows: Sequence[ComparisonRow]

    def row(self, measure: str) -> ComparisonRow | None:
        """One row by its key; None where there is none."""
        return next((row for row in self.rows if row.heading.key == measure), None)


@dataclass(frozen=True, slots=True)
class TradeOff:
    """A claim and its evidence. `verdict`: what the comparison of all environments says of that row."""

    claim: Claim
    found: MeasuredSide
    verdict: str


@dataclass(frozen=True, slots=True)
class CriterionSides:
    """One of the source's criteria, for both modes."""

    key: str
    title: str
    push: MeasuredSide
    pull: MeasuredSide
    verdict: str


class TradeOffs:
    """Finds the evidence: the environment's own in the mode that it runs in, otherwise that of all in the mode.

    `own`, `every`: the evidence of the environment alone, and of all environments, each with the rows that a comparison
    makes of it.
    """

    def __init__(self, mode: str, own: Compared, every: Compared) -> None:
        self._mode, self._own, self._every = mode, own, every

    def claims(self) -> tuple[TradeOff, ...]:
        """The claims in the order of CLAIMS."""
        return tuple(TradeOff(one, self._of_claim(one), self._verdict(one.measure)) for one in CLAIMS)

    def criteria(self) -> tuple[CriterionSides, ...]:
        """The criteria in the order of CRITERIA."""
        return tuple(
            CriterionSides(key, title, self._side(PUSH, key), self._side(PULL, key), self._verdict(key))
            for key, title in CRITERIA
        )

    def _of_claim(self, claim: Claim) -> MeasuredSide:
        found = self._side(claim.mode, claim.measure, everywhere=claim.everywhere)
        if not found.place:
            return replace(found, text=f"not measured yet; {claim.missing} would")
        if claim.counted is None:
            return found
        of = self._own if found.place == "here" else self._every
        hits, n, text = claim.counted(of.evidence)
        share = hits / n if n else None
        figure = amount(share, "share") if share is not None else ""
        return replace(found, value=share, unit="share", figure=figure, n=n, text=text)

    def _side(self, mode: str, measure: str, *, everywhere: bool = False) -> MeasuredSide:
        here = [("here", self._own)] if mode == self._mode and not everywhere else []
        for place, of in (*here, ("elsewhere", self._every)):
            row = of.row(measure)
            cell = _cell(row, mode) if row else None
            if row and cell and cell.n:
                unit = row.heading.unit
                figure = amount(cell.value, unit) if cell.value is not None and unit else ""
                return MeasuredSide(mode, measure, place, cell.value, unit, figure, cell.n, cell.sentence)
        return MeasuredSide(mode, measure, "", None, "", "", 0, f"not measured yet: no {mode} environment")

    def _verdict(self, measure: str) -> str:
        row = self._every.row(measure)
        return row.verdict.text if row else ""


def _cell(row: ComparisonRow, mode: str) -> Cell:
    return row.push if mode == PUSH else row.pull
