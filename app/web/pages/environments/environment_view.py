"""The shared layout of an environment's views: its context and its rendering."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from fastapi import Request, Response

from app.domain.identity import Identity
from app.queries import Queries
from app.web.pages.environments.header import Head, head
from app.web.pages.environments.notices import Notice, notices
from app.web.rendering import render

REGION = "environment_head"


@dataclass(frozen=True, slots=True)
class Top:
    """The context of environments/layout.html; each view adds values of its own."""

    head: Head
    notices: tuple[Notice, ...]


def top(queries: Queries, who: Identity, name: str, tab: str) -> Top:
    """The context above a view. Raises EnvironmentNotFound."""
    found = head(queries, who, name, tab)
    return Top(found, notices(found))


def show(request: Request, template: str, view: Top, regions: Collection[str] = (), status: int = 200) -> Response:
    """Render a view as a page; the header and each of `regions` can be requested alone."""
    return render.page(request, template, view, nav="overview", regions=(REGION, *regions), status=status)
