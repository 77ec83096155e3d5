"""From the moment at which a commit could be seen until it was live."""

from __future__ import annotations

from app.comparison.counted import Counted
from app.comparison.evidence import MODES, Evidence
from app.comparison.judgement import Measure, Phrases, detail, times
from app.comparison.measures.lead_time import ORIGIN
from app.comparison.result import ComparisonRow, Heading

VISIBLE_TO_LIVE = Heading(
    "visible_to_live",
    "immediacy",
    "Visible to live",
    "How long until a commit that can be seen is live?",
    "s",
    "lower",
    20,
    f"As lead time, but from the moment at which the repository could show the commit: what happened before, on a "
    f"developer's machine, is nobody's wait here. {ORIGIN} A commit whose date cannot be counts from half-way between "
    "the look that did not show it and the one that did.",
)


def visible_to_live(evidence: Evidence) -> ComparisonRow:
    """The row VISIBLE_TO_LIVE."""
    says = Phrases(
        "With {mode}, a commit was live {value} after it could be seen ({of}).",
        "No {mode} delivery can be timed from what the repository showed.",
        "sooner",
    )
    return times(VISIBLE_TO_LIVE, says, *(_visible_to_live_of(evidence, mode) for mode in MODES))


def _visible_to_live_of(evidence: Evidence, mode: str) -> Measure:
    waits = [(one.visible_to_live, one.fact) for one in evidence.delivered[mode] if not one.fact.told_by]
    cases = [Counted(seconds, fact) for seconds, fact in waits if seconds is not None]
    return Measure(mode, cases, (detail("longest", max(one.value for one in cases), "s"),) if cases else ())
