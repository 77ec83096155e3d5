"""The patterns page: every macro in every state, for developers of pages."""

from __future__ import annotations

from dataclasses import make_dataclass
from typing import Any

from fastapi import Request, Response

from app.domain.permissions import Permission
from app.web.rendering import render
from app.web.rendering.samples import samples
from app.web.requests.permission_check import may
from app.web.requests.route_dependencies import Reads
from app.web.requests.routers import page_router

router = page_router()


@router.get("/patterns", dependencies=[may(Permission.VIEW)])
def patterns(request: Request, queries: Reads) -> Response:
    """The page."""
    values = samples(queries.now())
    fields = [(name, Any) for name in values]
    context = make_dataclass("Context", fields, frozen=True)(**values)
    return render.page(request, "patterns.html", context, nav="settings")
