"""Routers that say themselves where their routes lie, and routes that are built when they are first needed. FastAPI
builds every route at once, and anew for a router that is included in another one, which takes a third of a start."""

from __future__ import annotations

import threading
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Protocol

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, compile_path

from app.domain.errors import InvalidInput
from app.web.requests.permission_check import known
from app.wording.quantities import listed

API = "/api/v1"
AGENT_PROTOCOL = "agent"


class LateRoute(APIRoute):
    """A route that knows its path and methods; the rest (parameters, models, handler) is built when something first
    asks for it: a request for it, or the API's document."""

    _turn = threading.RLock()

    def __init__(self, path: str, endpoint: Callable[..., Any], **given: Any) -> None:
        """See APIRoute, which is called with the same arguments later."""
        self._given = given
        self.path, self.endpoint, self.name = path, endpoint, given.get("name") or endpoint.__name__
        self.methods = {method.upper() for method in given.get("methods") or ("GET",)}
        self.path_regex, self.path_format, self.param_convertors = compile_path(path)

    def __getattr__(self, name: str) -> Any:
        """Build the route for whoever asks for what is not there yet."""
        with self._turn:
            given = self.__dict__.pop("_given", None)
            if given is not None:
                self._build(given)
        return object.__getattribute__(self, name)

    def _build(self, given: dict[str, Any]) -> None:
        try:
            super().__init__(self.path, self.endpoint, **given)
        except BaseException:
            self._given = given  # a mistake in a route is told to everybody who asks, not only to the first
            raise


class StrictRoute(LateRoute):
    """A route that refuses query parameters that it does not know: a filter that is misspelt must not answer as if it
    had been heard."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's handler, behind the check; who may not ask hears that first."""
        handle, allowed = super().get_route_handler(), sorted(_query_names(self.dependant))

        async def strict(request: Request) -> Response:
            unknown = sorted(set(request.query_params) - set(allowed))
            somebody: bool = bool(unknown) and await run_in_threadpool(known, request)
            if somebody:
                hint = f"is not known here; there is {listed(allowed)}" if allowed else "is not known here"
                raise InvalidInput(fields={name[:100]: hint for name in unknown[:10]})
            return await handle(request)

        return strict


def _query_names(dependant: Dependant) -> set[str]:
    here = {field.alias for field in dependant.query_params}
    return here.union(*map(_query_names, dependant.dependencies))


def operation_id(route: APIRoute) -> str:
    """What generated clients call it."""
    return route.name


class RoutedModule(Protocol):
    """A module with routes of its own."""

    router: APIRouter


def api_router(tag: str) -> APIRouter:
    """For REST routes below /api/v1. Agents of the next version may send what this one does not know yet."""
    kind = LateRoute if tag == AGENT_PROTOCOL else StrictRoute
    return APIRouter(prefix=API, tags=[tag], route_class=kind, generate_unique_id_function=operation_id)


def page_router() -> APIRouter:
    """For pages, which the API's document does not name."""
    return APIRouter(include_in_schema=False, route_class=LateRoute)


def routes_of(parts: Iterable[RoutedModule]) -> list[BaseRoute]:
    """The routes of several modules, in their order, which is the order in which they are tried."""
    return [route for part in parts for route in part.router.routes]
