"""How often a page names a winner: seldom where there is none, mostly where there is one. See bench/verdicts.py too."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.ledgers import Rule, named

FEW = 10
OWN = Rule(5, 5, own=0.5)


@pytest.mark.parametrize(
    "rule",
    [
        OWN,
        replace(OWN, paired=True, alike=True),
        replace(OWN, environments=4, paired=True, alike=True),
        Rule(5, 20, leaning=0.9, common=True),
        Rule(1, 40, leaning=0.9, paired=True, alike=True),
        Rule(1, 20, own=0.5, paired=True),
    ],
    ids=["own effects", "same commits", "same commits, four", "one hour", "twins in time", "no twins"],
)
def test_equal_modes_seldom_have_a_winner(rule: Rule) -> None:
    assert named(rule, FEW) <= 1 / FEW


@pytest.mark.parametrize(
    ("rule", "seeds"),
    [
        (Rule(8, 10, own=0.2, factor=2), FEW),
        (Rule(1, 15, factor=2, paired=True, alike=True, spread=0.3), 3 * FEW),
    ],
)
def test_a_factor_of_two_is_found(rule: Rule, seeds: int) -> None:
    assert named(rule, seeds) >= 0.8
