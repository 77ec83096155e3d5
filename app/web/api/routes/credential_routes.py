"""Credentials: secrets go in and never come out."""

from __future__ import annotations

from fastapi import Response

from app.web.api.fields import AfterName, CredentialName, Limit
from app.web.api.openapi import problems
from app.web.api.request_bodies.bodies import CredentialBody
from app.web.api.response_models import Credential, Items, reply
from app.web.api.serializers.domain_json import credential_json, page_of
from app.web.requests.route_dependencies import By, Cases, Who
from app.web.requests.routers import api_router

router = api_router("credentials")


@router.get("/credentials", response_model=Items[Credential])
def list_credentials(use_cases: Cases, _: Who, limit: Limit = 50, after: AfterName = "") -> Response:
    """Credentials without their secrets."""
    with use_cases.ports.store.read() as tx:
        return reply(page_of(tx.credentials.page(limit, after or None), credential_json))


@router.post("/credentials", status_code=201, response_model=Credential, responses=problems(409))
def create_credential(body: CredentialBody, use_cases: Cases, by: By) -> Response:
    """Store a credential, encrypted."""
    made = use_cases.keyring.add(body.name, body.kind, body.model_dump(exclude={"name", "kind"}, exclude_none=True), by)
    return reply(credential_json(made), 201, Location=f"/api/v1/credentials/{made.name}")


@router.get("/credentials/{name}", response_model=Credential)
def show_credential(name: CredentialName, use_cases: Cases, _: Who) -> Response:
    """One credential without its secret."""
    with use_cases.ports.store.read() as tx:
        return reply(credential_json(tx.credentials.get(name)))


@router.delete("/credentials/{name}", status_code=204, responses=problems(409))
def delete_credential(name: CredentialName, use_cases: Cases, by: By) -> None:
    """Remove a credential that no environment uses."""
    use_cases.keyring.remove(name, by)
