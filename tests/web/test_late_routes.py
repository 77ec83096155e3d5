"""Routes are built when they are first asked for, once, and behave as if they had been built at once."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from fastapi.exceptions import FastAPIError
from fastapi.routing import APIRoute
from pydantic import BaseModel

from app.web.api import routes as api
from app.web.pages import routes as pages
from app.web.requests.routers import LateRoute


class Answer(BaseModel):
    """What the route says."""

    doubled: int


def application() -> tuple[FastAPI, LateRoute]:
    router = APIRouter(route_class=LateRoute)

    @router.get("/double/{number}")
    def double(number: int, plus: int = 0) -> Answer:
        return Answer(doubled=2 * number + plus)

    whole = FastAPI()
    whole.router.routes.extend(router.routes)
    (route,) = router.routes
    assert isinstance(route, LateRoute)
    return whole, route


def ask(whole: FastAPI, method: str, address: str) -> httpx.Response:
    async def asked() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(whole), base_url="http://here") as client:
            return await client.request(method, address)

    return asyncio.run(asked())


def built(route: LateRoute) -> bool:
    return "dependant" in vars(route)


def test_a_request_builds_its_route_and_finding_it_does_not() -> None:
    whole, route = application()
    assert str(whole.url_path_for("double", number=3)) == "/double/3"
    assert ask(whole, "GET", "/elsewhere").status_code == 404
    assert ask(whole, "POST", "/double/3").status_code == 405
    assert not built(route)
    assert ask(whole, "GET", "/double/3?plus=1").json() == {"doubled": 7}
    assert ask(whole, "GET", "/double/three").status_code == 422
    assert built(route)


def test_the_document_of_the_api_names_everything() -> None:
    whole, _ = application()
    said = whole.openapi()["paths"]["/double/{number}"]["get"]
    assert [one["name"] for one in said["parameters"]] == ["number", "plus"]


def test_many_who_ask_at_once_get_one_route() -> None:
    _, route = application()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: route.dependant, range(64)))
    assert all(one is found[0] for one in found)


def test_a_mistake_in_a_route_is_told_each_time() -> None:
    router = APIRouter(route_class=LateRoute)

    @router.get("/wrong", response_model=threading.Lock)
    def wrong() -> None: ...

    (route,) = router.routes
    assert isinstance(route, LateRoute)
    for _ in range(2):
        with pytest.raises(FastAPIError):
            _ = route.dependant, route.app


def test_every_route_of_the_server_is_built_late() -> None:
    ours = [route for route in (*api, *pages) if isinstance(route, APIRoute)]
    assert ours
    assert all(isinstance(route, LateRoute) for route in ours)
