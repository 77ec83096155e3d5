"""How often the comparison names a winner where there is none, and where there is one, on made-up ledgers."""

from __future__ import annotations

from bench.ground import Ground
from bench.measuring import Figure, Result, Verdict
from tests.support.ledgers import FALSE, FOUND, named

TOLD = """Pages made of ledgers drawn by known rules (`tests/support/ledgers.py`), 200 of each rule. A page without any
difference between the modes is wrong when any of its rows or pairings names a winner; with a factor of two, it is right
when one does."""
NOTES = (
    """With 200 pages, a share of 5 % is known to about ± 3 points.""",
    """Where each value leans on the one before and single values scatter much besides, 20 to 40 pairs of twins hide
  how much they lean: there some 12 to 15 % of pages are wrong (docs/decisions/0025-environments-are-the-sample.md).""",
)


def run(ground: Ground) -> Result:
    """Every rule."""
    seeds = ground.of(200, 2)
    wrong = {name: named(rule, seeds) for name, rule in FALSE.items()}
    right = {name: named(rule, seeds) for name, rule in FOUND.items()}
    figures = [Figure(name, (share,), "pages") for name, share in {**wrong, **right}.items()]
    verdicts = [
        Verdict(f"a winner without a difference: {name}", share, "", goal=0.05) for name, share in wrong.items()
    ]
    verdicts += [
        Verdict(f"a factor of two found: {name}", share, "", goal=0.8, at_most=False) for name, share in right.items()
    ]
    return Result("Verdicts of the comparison", TOLD, figures, verdicts, list(NOTES))
