"""What routes ask for: the use cases, the queries, threads for later, and what a request says of its sender."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from app.queries import Queries
from app.services.use_cases import UseCases
from app.web.requests.background import Background


def installed_use_cases(request: Request) -> UseCases:
    """The installation's use cases."""
    use_cases: UseCases = request.app.state.use_cases
    return use_cases


def installed_queries(request: Request) -> Queries:
    """The installation's queries."""
    queries: Queries = request.app.state.queries
    return queries


def background(request: Request) -> Background:
    """Threads for work that the response does not wait for."""
    threads: Background = request.app.state.background
    return threads


def bearer(request: Request) -> str | None:
    """The request's bearer token."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" and value.strip() else None


def client_ip(request: Request) -> str | None:
    """Address of the client, told by trusted proxies or the peer's own; None behind a Unix socket."""
    return request.client.host if request.client else None


Cases = Annotated[UseCases, Depends(installed_use_cases)]
Reads = Annotated[Queries, Depends(installed_queries)]
Later = Annotated[Background, Depends(background)]
