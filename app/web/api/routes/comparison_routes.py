"""Push against pull."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from fastapi import Query, Response
from fastapi.responses import StreamingResponse

from app.domain.comparison.export import as_dict, csv_lines
from app.web.api.fields import Labels, OneName
from app.web.api.response_models import reply
from app.web.requests.route_dependencies import Cases, Who
from app.web.requests.routers import api_router

router = api_router("comparison")
Window = Annotated[Literal["24h", "7d", "30d", "90d", "all"], Query(description="How far back.")]


@router.get("/comparison", response_model=dict[str, Any])
def compare(
    use_cases: Cases, _: Who, window: Window = "30d", labels: Labels = "", environment: OneName = ""
) -> Response:
    """The table, with sample sizes, intervals and verdicts."""
    return reply(as_dict(use_cases.comparison.compare(window, labels, environment)))


@router.get(
    "/comparison/export",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}, "application/json": {}}}},
)
def export(
    use_cases: Cases,
    _: Who,
    window: Window = "30d",
    labels: Labels = "",
    environment: OneName = "",
    format: Literal["json", "csv"] = "json",
) -> StreamingResponse:
    """The table as a file."""
    found = use_cases.comparison.compare(window, labels, environment)
    headers = {"Content-Disposition": f'attachment; filename="pushpull-comparison.{format}"'}
    if format == "csv":
        return StreamingResponse(csv_lines(found), media_type="text/csv", headers=headers)
    return StreamingResponse(iter([json.dumps(as_dict(found))]), media_type="application/json", headers=headers)
