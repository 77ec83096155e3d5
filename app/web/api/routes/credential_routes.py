"""Credentials: secrets go in and never come out."""

from __future__ import annotations

from fastapi import Response

from app.domain.permissions import Permission
from app.web.api.fields import AfterName, CredentialName, Limit
from app.web.api.openapi import problems
from app.web.api.request_bodies.credential_bodies import CredentialBody, SecretBody, WebhookSecretBody
from app.web.api.response_models import Credential, Items, reply
from app.web.api.serializers.domain_json import credential_json, page_of
from app.web.requests.permission_check import By, Who, may
from app.web.requests.route_dependencies import Cases, Reads
from app.web.requests.routers import api_router

router = api_router("credentials")


@router.get("/credentials", response_model=Items[Credential], dependencies=[may(Permission.VIEW_CREDENTIALS)])
def list_credentials(queries: Reads, who: Who, limit: Limit = 50, after: AfterName = "") -> Response:
    """Credentials without their secrets."""
    return reply(page_of(queries.secrets.credentials(who, limit, after or None), credential_json))


@router.post(
    "/credentials",
    status_code=201,
    response_model=Credential,
    responses=problems(409),
    dependencies=[may(Permission.MANAGE_CREDENTIALS)],
)
def create_credential(body: CredentialBody, use_cases: Cases, by: By) -> Response:
    """Store a credential, encrypted. A webhook's secret is kept with its hook: it is not listed among credentials."""
    if isinstance(body, WebhookSecretBody):
        return reply(credential_json(use_cases.webhooks.store_secret(body.name, body.secret, by)), 201)
    made = use_cases.keyring.add(body.name, body.kind, body.model_dump(exclude={"name", "kind"}, exclude_none=True), by)
    return reply(credential_json(made), 201, Location=f"/api/v1/credentials/{made.name}")


@router.get("/credentials/{name}", response_model=Credential, dependencies=[may(Permission.VIEW_CREDENTIALS)])
def show_credential(name: CredentialName, queries: Reads, who: Who) -> Response:
    """One credential without its secret."""
    return reply(credential_json(queries.secrets.credential(who, name)))


@router.put("/credentials/{name}", response_model=Credential, dependencies=[may(Permission.MANAGE_CREDENTIALS)])
def replace_secret(name: CredentialName, body: SecretBody, use_cases: Cases, by: By) -> Response:
    """Put a new secret in the place of the old one; environments go on with it as they are. What is left out stays."""
    return reply(credential_json(use_cases.keyring.replace(name, body.model_dump(exclude_none=True), by)))


@router.delete(
    "/credentials/{name}", status_code=204, responses=problems(409), dependencies=[may(Permission.MANAGE_CREDENTIALS)]
)
def delete_credential(name: CredentialName, use_cases: Cases, by: By) -> None:
    """Remove a credential that no environment uses."""
    use_cases.keyring.remove(name, by)
