"""API tokens."""

from __future__ import annotations

from fastapi import Response

from app.domain.permissions import Permission
from app.web.api.fields import AfterName, Id, Limit
from app.web.api.request_bodies.bodies import TokenBody
from app.web.api.response_models import Items, NewToken, Token, reply
from app.web.api.serializers.domain_json import page_json, token_json
from app.web.requests.permission_check import By, Who, may
from app.web.requests.route_dependencies import Cases, Reads
from app.web.requests.routers import api_router

router = api_router("tokens")


@router.get("/tokens", response_model=Items[Token], dependencies=[may(Permission.VIEW_TOKENS)])
def list_tokens(queries: Reads, who: Who, limit: Limit = 200, after: AfterName = "") -> Response:
    """Tokens without their secrets, by id."""
    every = sorted(queries.secrets.tokens(who), key=lambda one: one.id)
    found = [one for one in every if not after or one.id > after]
    next = found[limit - 1].id if len(found) > limit else None
    return reply(page_json([token_json(one) for one in found[:limit]], next))


@router.post("/tokens", status_code=201, response_model=NewToken, dependencies=[may(Permission.MANAGE_TOKENS)])
def create_token(body: TokenBody, use_cases: Cases, by: By) -> Response:
    """Create a token; its value is in this answer and nowhere else."""
    made, secret = use_cases.access.create_token(body.name, by, role=body.role, expires_at=body.expires_at)
    return reply(token_json(made, secret), 201)


@router.delete("/tokens/{id}", status_code=204, dependencies=[may(Permission.MANAGE_TOKENS)])
def revoke_token(id: Id, use_cases: Cases, by: By) -> None:
    """Revoke a token at once."""
    use_cases.access.revoke_token(id, by)
