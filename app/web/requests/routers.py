"""Routers that say themselves where their routes lie. FastAPI builds every route anew for a router that is included in
another one, which takes a fifth of a start; routes that are complete are only put into one list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from fastapi import APIRouter
from starlette.routing import BaseRoute

API = "/api/v1"


class Part(Protocol):
    """A module with routes of its own."""

    router: APIRouter


def api_router(tag: str) -> APIRouter:
    """For REST routes below /api/v1."""
    return APIRouter(prefix=API, tags=[tag])


def page_router() -> APIRouter:
    """For pages, which the API's document does not name."""
    return APIRouter(include_in_schema=False)


def routes_of(parts: Iterable[Part]) -> list[BaseRoute]:
    """The routes of several modules, in their order, which is the order in which they are tried."""
    return [route for part in parts for route in part.router.routes]
