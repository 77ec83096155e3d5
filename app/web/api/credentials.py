"""Credentials: secrets go in and never come out."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from app.web.api.lists import After, Limit
from app.web.api.schemas import Anything, CredentialBody, Items
from app.web.api.shapes import credential_json, page_of
from app.web.deps import By, Cases, Who

router = APIRouter(tags=["credentials"])


@router.get("/credentials", response_model=Items)
def list_credentials(cases: Cases, _: Who, limit: Limit = 50, after: After = None) -> Any:
    """Credentials without their secrets."""
    with cases.world.store.read() as tx:
        return page_of(tx.credentials.page(limit, after or None), credential_json)


@router.post("/credentials", status_code=201, response_model=Anything)
def create_credential(body: CredentialBody, cases: Cases, by: By, response: Response) -> Any:
    """Store a credential, encrypted."""
    made = cases.keyring.add(body.name, body.kind, body.model_dump(exclude={"name", "kind"}, exclude_none=True), by)
    response.headers["Location"] = f"/api/v1/credentials/{made.name}"
    return credential_json(made)


@router.delete("/credentials/{name}", status_code=204)
def delete_credential(name: str, cases: Cases, by: By) -> None:
    """Remove a credential that no environment uses."""
    cases.keyring.remove(name, by)
