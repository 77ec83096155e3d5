"""Whether the shown status can be believed."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from app.comparison.counted import Counted
from app.comparison.evidence import Evidence
from app.comparison.judgement import Measure, Phrases, detail, shares
from app.comparison.measures.entry import Entry
from app.comparison.measures.told_by_others import not_told
from app.comparison.result import Heading
from app.comparison.statistics import median
from app.domain.environment import Environment


def _fresh(evidence: Evidence, mode: str) -> Measure:
    environments, now = evidence.present(mode), evidence.window.until
    ages = [(now - one.status.checked_at).total_seconds() for one in environments if one.status.checked_at]
    details = [detail("median age of the verdict", median(ages) if ages else None, "s")] if environments else []
    words = Counter(one.status.sync_at(now).value for one in environments)
    details += [detail(word, count) for word, count in words.most_common()] + not_told(evidence, mode)
    return Measure(mode, [Counted(_is_fresh(one, now), one) for one in environments], tuple(details))


def _is_fresh(environment: Environment, now: datetime) -> bool:
    checked = environment.status.checked_at
    return checked is not None and now < checked + environment.verdict_lifetime()


ENTRIES = (
    Entry(
        Heading(
            key="status_synchronization",
            criterion="status synchronization",
            title="Status that can be believed",
            question="Is the shown status still true?",
            unit="share",
            better="higher",
            needed=20,
            definition=(
                "Environments whose last full comparison is younger than two of their refresh intervals, of all "
                "environments, at this moment. An older verdict is shown as Unknown."
            ),
            by_design=True,
            events="The time of each environment's last full comparison of live with desired.",
            formula="environments with `until − checked_at` < 2 × `refresh_interval_s` (at least 10 s) / environments",
            exclusions=(
                "Shadows, which deliver nothing. Environments that others deliver to, of whose comparisons nothing is "
                "told; they are counted beside it. An environment that was never compared counts as not fresh."
            ),
            source="OpenGitOps: continuously reconciled; the share is ours",
        ),
        Phrases(
            "{Mode}: {hits} of {n} environments show a verdict that is fresh enough to be believed.",
            "No {mode} environment is registered.",
            "more",
        ),
        _fresh,
        shares,
    ),
)
