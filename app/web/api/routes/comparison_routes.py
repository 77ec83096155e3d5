"""Push against pull."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from fastapi import Query, Response
from fastapi.responses import StreamingResponse

from app.comparison.export import as_dict, csv_lines
from app.domain.permissions import Permission
from app.web.api.fields import Labels, OneName
from app.web.api.response_models import reply
from app.web.requests.permission_check import Who, may
from app.web.requests.route_dependencies import Reads
from app.web.requests.routers import api_router

router = api_router("comparison")
Window = Annotated[Literal["24h", "7d", "30d", "90d", "all"], Query(description="How far back.")]


@router.get("/comparison", response_model=dict[str, Any], dependencies=[may(Permission.VIEW)])
def compare(
    queries: Reads, who: Who, window: Window = "30d", labels: Labels = "", environment: OneName = ""
) -> Response:
    """The table, with sample sizes, intervals and verdicts."""
    return reply(as_dict(queries.comparison.compare(who, window, labels, environment)))


@router.get(
    "/comparison/export",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}, "application/json": {}}}},
    dependencies=[may(Permission.VIEW)],
)
def export(
    queries: Reads,
    who: Who,
    window: Window = "30d",
    labels: Labels = "",
    environment: OneName = "",
    format: Literal["json", "csv"] = "json",
) -> StreamingResponse:
    """The table as a file."""
    found = queries.comparison.compare(who, window, labels, environment)
    headers = {"Content-Disposition": f'attachment; filename="pushpull-comparison.{format}"'}
    if format == "csv":
        return StreamingResponse(csv_lines(found), media_type="text/csv", headers=headers)
    return StreamingResponse(iter([json.dumps(as_dict(found))]), media_type="application/json", headers=headers)
