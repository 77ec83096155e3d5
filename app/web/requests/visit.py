"""A request to a page together with what answers it, for pages whose helpers need all of that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from app.domain.identity import Identity
from app.queries import Queries
from app.services.use_cases import UseCases
from app.web.requests.permission_check import Who
from app.web.requests.route_dependencies import Cases, Reads


@dataclass(frozen=True, slots=True)
class Visit:
    """A request, what can be done and read here, and who asks."""

    request: Request
    use_cases: UseCases
    queries: Queries
    who: Identity


async def visit(request: Request, use_cases: Cases, queries: Reads, who: Who) -> Visit:
    """The visit that a request is."""
    return Visit(request, use_cases, queries, who)


Visiting = Annotated[Visit, Depends(visit)]
