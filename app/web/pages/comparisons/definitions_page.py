"""What each figure of the comparison means, in full: an address for every measure."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request, Response

from app.comparison import METHOD
from app.comparison.measures.definitions import DEFINITIONS, better_of, unit_of
from app.comparison.result import Heading
from app.domain.permissions import Permission
from app.web.rendering import render
from app.web.requests.permission_check import may
from app.web.requests.routers import page_router

router = page_router()


@dataclass(frozen=True, slots=True)
class Definition:
    """A measure, and its parts as (what, text)."""

    key: str
    title: str
    question: str
    parts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class DefinitionsPage:
    """The context of comparison/measures.html."""

    definitions: tuple[Definition, ...]
    method: str


@router.get("/compare/measures", dependencies=[may(Permission.VIEW)])
def definitions(request: Request) -> Response:
    """Every measure: the events it is computed from, formula, unit, what is left out and why, and its source."""
    context = DefinitionsPage(tuple(_definition(one) for one in DEFINITIONS), METHOD)
    return render.page(request, "comparison/measures.html", context, nav="compare", regions=())


def _definition(heading: Heading) -> Definition:
    parts = {
        "Means": heading.definition,
        "Computed from": heading.events,
        "Formula": heading.formula,
        "Unit": f"{unit_of(heading)}; {better_of(heading)}",
        "Left out": heading.exclusions,
        "Needs": f"{heading.needed:,} of each mode for a verdict" if heading.contest else "no verdict",
        "Source": heading.source,
    }
    told = tuple((name, text.replace("`", "")) for name, text in parts.items())
    return Definition(heading.key, heading.title, heading.question, told)
