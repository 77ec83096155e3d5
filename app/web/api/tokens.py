"""API tokens."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from app.web.api.lists import After, Limit
from app.web.api.schemas import Anything, Items, TokenBody
from app.web.api.shapes import page_json, token_json
from app.web.deps import By, Cases, Who

router = APIRouter(tags=["tokens"])


@router.get("/tokens", response_model=Items)
def list_tokens(cases: Cases, _: Who, limit: Limit = 200, after: After = None) -> Any:
    """Tokens without their secrets."""
    found = [one for one in cases.access.list_tokens() if after is None or one.id > after]
    return page_json([token_json(one) for one in found[:limit]], found[limit - 1].id if len(found) > limit else None)


@router.post("/tokens", status_code=201, response_model=Anything)
def create_token(body: TokenBody, cases: Cases, by: By) -> Any:
    """Create a token; its value is in this answer and nowhere else."""
    made, secret = cases.access.create_token(body.name, by, role=body.role, expires_at=body.expires_at)
    return token_json(made, secret)


@router.delete("/tokens/{id}", status_code=204)
def revoke_token(id: str, cases: Cases, by: By) -> None:
    """Revoke a token at once."""
    cases.access.revoke_token(id, by)
