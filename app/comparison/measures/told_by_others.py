"""Deliveries that another system made and told us of: counted where it told enough, and named as its own.

What it cannot tell (a fresh verdict, drift, who asked, what was passed over, what there is to set up) is left out of
the rows that count it, rather than counted as bad.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from app.comparison.counted import Counted
from app.comparison.delivery_facts import DeliveryFact
from app.comparison.evidence import Evidence
from app.comparison.judgement import detail
from app.comparison.result import Detail
from app.domain.external import title_of


def ours(facts: Iterable[DeliveryFact]) -> list[DeliveryFact]:
    """The deliveries that PushPull made itself."""
    return [fact for fact in facts if not fact.told_by]


def told_by(cases: Iterable[Counted]) -> list[Detail]:
    """How many of what a cell counts each system reported."""
    systems = Counter(case.of.told_by for case in cases if isinstance(case.of, DeliveryFact) and case.of.told_by)
    return [detail(f"reported by {title_of(system)}", count) for system, count in systems.most_common()]


def not_told(evidence: Evidence, mode: str) -> list[Detail]:
    """How many environments of a mode are left out, because those who deliver there do not tell."""
    systems = Counter(one.external.system for one in evidence.of(mode) if one.external)
    return [detail(f"not told by {title_of(system)}", count) for system, count in systems.most_common()]
