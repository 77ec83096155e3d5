"""The reference of the REST API as a page: made here out of the OpenAPI document, so that it is right offline."""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from app.domain.errors import Problem
from app.domain.permissions import Exemption
from app.web.api.api_reference import Reference, reference_of
from app.web.rendering import render
from app.web.rendering.snippets import base_url
from app.web.requests.permission_check import exempt, identify
from app.web.requests.routers import page_router

router = page_router()


@router.get("/docs", dependencies=[exempt(Exemption.PUBLIC)])
async def reference(request: Request) -> Response:
    """The page; like the document itself it is there for everybody, with the navigation for who is logged in."""
    with suppress(Problem):
        request.state.user = (await run_in_threadpool(identify, request)).actor.name
    return await run_in_threadpool(_page, request)


def _page(request: Request) -> Response:
    context: Reference = reference_of(request.app.openapi(), base_url(request))
    return render.page(request, "reference/index.html", context, nav="settings")


@router.get("/redoc", dependencies=[exempt(Exemption.PUBLIC)])
async def redoc() -> Response:
    """Where others have it."""
    return RedirectResponse("/docs", HTTPStatus.PERMANENT_REDIRECT)
