"""Every macro in every state, for people who build pages."""

from __future__ import annotations

from dataclasses import make_dataclass
from typing import Any

from fastapi import Request, Response

from app.web.rendering import render
from app.web.rendering.samples import samples
from app.web.requests.route_dependencies import Cases
from app.web.requests.routers import page_router
from app.web.requests.visitor import Visitor

router = page_router()


@router.get("/patterns")
def patterns(request: Request, use_cases: Cases, _: Visitor) -> Response:
    """The page."""
    values = samples(use_cases.ports.clock.now())
    fields = [(name, Any) for name in values]
    context = make_dataclass("Context", fields, frozen=True)(**values)
    return render.page(request, "patterns.html", context, nav="settings")
