"""All verdicts of one page together: among many questions, chance alone answers some."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from app.comparison.judgement import paired_sentence
from app.comparison.mode_tests import LEVEL
from app.comparison.result import Call, ComparisonRow, Pairing, Verdict
from app.wording.quantities import plural

Question = tuple[float | None, float | None, object, float | None]


def adjusted(chances: Sequence[float]) -> list[float]:
    """Each p, raised so that of all verdicts at a level together no more than that share of pages has a false one
    (Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6 (1979))."""
    order = sorted(range(len(chances)), key=chances.__getitem__)
    raised, highest = [0.0] * len(chances), 0.0
    for place, index in enumerate(order):
        highest = max(highest, min(1.0, (len(chances) - place) * chances[index]))
        raised[index] = highest
    return raised


def weighed(
    rows: Sequence[ComparisonRow], paired: Sequence[Pairing]
) -> tuple[tuple[ComparisonRow, ...], tuple[Pairing, ...]]:
    """Rows and pairings with what holds of their verdicts when all that was tested is weighed together. Two questions
    with the same values behind them are one."""
    verdicts = [*(row.verdict for row in rows), *(pairing.verdict for pairing in paired)]
    tested = {_question(verdict): verdict.p for verdict in verdicts if verdict.p is not None}
    raised = dict(zip(tested, adjusted([p for p in tested.values() if p is not None]), strict=True))

    def held(verdict: Verdict) -> Verdict:
        if verdict.p is None:
            return verdict
        p, many = raised[_question(verdict)], len(raised)
        if not verdict.winner or p <= LEVEL:
            return replace(verdict, p_adjusted=p)
        told = f"A difference that chance among {plural(many, 'question')} explains: "
        return replace(verdict, call=Call.EVEN, finding=f"{told}{verdict.winner} {verdict.finding}", p_adjusted=p)

    judged = tuple(replace(row, verdict=held(row.verdict)) for row in rows)
    return judged, tuple(_paired(pairing, held(pairing.verdict)) for pairing in paired)


def _question(verdict: Verdict) -> Question:
    return verdict.p, verdict.difference, verdict.interval, verdict.effect


def _paired(pairing: Pairing, verdict: Verdict) -> Pairing:
    if verdict.call is pairing.verdict.call:
        return replace(pairing, verdict=verdict)
    told = paired_sentence(pairing.n, (pairing.push_first, pairing.pull_first), verdict, "sooner")
    return replace(pairing, verdict=verdict, sentence=told)
