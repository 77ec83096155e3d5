"""Advice: push, pull, or pull that a webhook nudges, with what was measured for and against."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request, Response

from app.comparison import WINDOWS
from app.comparison.outlook.advice import Advice
from app.comparison.outlook.advice_rules import AdviceReason
from app.comparison.outlook.trade_offs import MeasuredSide
from app.domain.permissions import Permission
from app.web.pages.comparisons import evidence_page
from app.web.pages.comparisons.comparison_page import WORDS
from app.web.pages.environments.environment_view import Top, show, top
from app.web.pages.query_parameters import Word
from app.web.requests.permission_check import Who, may
from app.web.requests.route_dependencies import Reads
from app.web.requests.routers import page_router

SPEAKS_FOR = {"push": "for push", "pull": "for pull", "told": "for being told at once"}
router = page_router()


@dataclass(frozen=True, slots=True)
class ReasonLine:
    """A reason for display; `href`: what is behind it, "" where a specification says it."""

    speaks_for: str
    text: str
    href: str


@dataclass(frozen=True, slots=True)
class MeasuredLine:
    """What was measured of a mode, for display. `claim`: what is said, "" for a criterion."""

    mode: str
    claim: str
    found: MeasuredSide
    href: str
    verdict: str


@dataclass(frozen=True, slots=True)
class AdviceView(Top):
    """The context of environments/advice.html. `sides`: (words, lines) for each mode's pros and cons."""

    found: Advice
    speaking: tuple[ReasonLine, ...]
    contrary: tuple[ReasonLine, ...]
    criteria: tuple[tuple[str, MeasuredLine, MeasuredLine, str], ...]
    sides: tuple[tuple[str, tuple[MeasuredLine, ...]], ...]
    window: str
    windows: tuple[tuple[str, str], ...]


@router.get("/environments/{name}/advice", dependencies=[may(Permission.VIEW)])
def advice(request: Request, queries: Reads, who: Who, name: str, window: Word = "") -> Response:
    """What to choose, and why."""
    above = top(queries, who, name, "advice")
    chosen = window if window in WINDOWS else "30d"
    found = queries.outlook.advice(who, name, chosen)
    context = AdviceView(
        above.head,
        above.notices,
        found=found,
        speaking=tuple(_reason(one, found) for one in found.speaking),
        contrary=tuple(_reason(one, found) for one in found.contrary),
        criteria=tuple(
            (one.title, _line(one.push, found), _line(one.pull, found), one.verdict) for one in found.criteria
        ),
        sides=_sides(found),
        window=chosen,
        windows=tuple(WORDS.items()),
    )
    return show(request, "environments/advice.html", context, ("advice",))


def _reason(one: AdviceReason, found: Advice) -> ReasonLine:
    href = evidence_page.address(one.measure, found.mode, found.asked(one.place)) if one.measure else ""
    return ReasonLine(SPEAKS_FOR[one.speaks_for], one.text, href)


def _line(one: MeasuredSide, found: Advice, claim: str = "", verdict: str = "") -> MeasuredLine:
    href = evidence_page.address(one.measure, one.mode, found.asked(one.place)) if one.n else ""
    return MeasuredLine(one.mode, claim, one, href, verdict)


def _sides(found: Advice) -> tuple[tuple[str, tuple[MeasuredLine, ...]], ...]:
    return tuple(
        (
            f"Said {side} {mode}",
            tuple(
                _line(one.found, found, one.claim.title, one.verdict)
                for one in found.trade_offs
                if (one.claim.mode, one.claim.side) == (mode, side)
            ),
        )
        for mode in ("push", "pull")
        for side in ("for", "against")
    )
