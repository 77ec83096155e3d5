"""The settings page: the user's password, API tokens, credentials, webhooks, and facts about the installation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import Response

from app import __version__
from app.domain.errors import CredentialExists, EnvironmentNotFound, InvalidInput
from app.domain.permissions import ADMIN, Permission
from app.ports import Credential, Delivery, Token
from app.services.security.credentials import NEEDS
from app.web.pages.form_fields import Line, Lines, line, until
from app.web.pages.login_page import remember
from app.web.rendering import render
from app.web.rendering.snippets import base_url
from app.web.requests.browser_session import COOKIE
from app.web.requests.permission_check import By, may
from app.web.requests.routers import page_router
from app.web.requests.visit import Visit, Visiting
from app.wording.role_words import DEEDS

CREDENTIALS, DELIVERIES = 200, 20
HOOK = "webhook-secret"
KINDS = (("token", "Access token (https)"), ("password", "Name and password (https)"), ("ssh-key", "SSH key"),
         (HOOK, "Webhook secret (name = hook)"))  # fmt: skip
router = page_router()


@dataclass(frozen=True, slots=True)
class SettingsPage:
    """The context of settings/index.html. `tokens`, `credentials`: the names of those in use."""

    must_change: bool
    tokens: tuple[str, ...]
    credentials: tuple[str, ...]
    deliveries: tuple[Delivery, ...]
    version: str
    address: str
    errors: Mapping[str, str]
    tab: str = "account"


@dataclass(frozen=True, slots=True)
class TokensPage:
    """The context of settings/tokens.html. `new_token`: the value of one that was just made, "" otherwise."""

    tokens: tuple[Token, ...]
    roles: tuple[tuple[str, str], ...]
    new_token: str
    typed: Mapping[str, str]
    errors: Mapping[str, str]
    tab: str = "tokens"


@dataclass(frozen=True, slots=True)
class CredentialsPage:
    """The context of settings/credentials.html."""

    credentials: tuple[Credential, ...]
    kinds: tuple[tuple[str, str], ...]
    typed: Mapping[str, str]
    errors: Mapping[str, str]
    tab: str = "credentials"


@router.get("/settings", dependencies=[may(Permission.VIEW_SETTINGS)])
def settings(visit: Visiting) -> Response:
    """The own account, and the latest webhook deliveries."""
    return _account(visit, {})


@router.get("/settings/tokens", dependencies=[may(Permission.VIEW_TOKENS)])
def tokens(visit: Visiting) -> Response:
    """The API tokens."""
    return _tokens(visit)


@router.get("/settings/credentials", dependencies=[may(Permission.VIEW_CREDENTIALS)])
def credentials(visit: Visiting) -> Response:
    """The stored credentials, without their secrets."""
    return _credentials(visit)


def _account(visit: Visit, errors: Mapping[str, str]) -> Response:
    person = visit.use_cases.access.authenticate_session(visit.request.cookies.get(COOKIE, ""))
    secrets = visit.queries.secrets
    context = SettingsPage(
        must_change=person.must_change,
        tokens=tuple(one.name for one in secrets.tokens(visit.who) if one.revoked_at is None),
        credentials=tuple(one.name for one in secrets.credentials(visit.who, CREDENTIALS).items),
        deliveries=secrets.deliveries(visit.who, DELIVERIES),
        version=__version__,
        address=base_url(visit.request),
        errors=errors,
    )
    return _page(visit, "settings/index.html", context)


def _tokens(visit: Visit, new_token: str = "", errors: Mapping[str, str] | None = None, **typed: str) -> Response:
    found = visit.queries.secrets.tokens(visit.who)
    context = TokensPage(found, tuple(DEEDS.items()), new_token, typed, errors or {})
    return _page(visit, "settings/tokens.html", context)


def _credentials(visit: Visit, errors: Mapping[str, str] | None = None, **typed: str) -> Response:
    found = visit.queries.secrets.credentials(visit.who, CREDENTIALS).items
    return _page(visit, "settings/credentials.html", CredentialsPage(found, KINDS, typed, errors or {}))


def _page(visit: Visit, template: str, context: SettingsPage | TokensPage | CredentialsPage) -> Response:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if context.errors else HTTPStatus.OK
    return render.page(visit.request, template, context, nav="settings", status=status)


@router.post("/settings/password", dependencies=[may(Permission.OWN_ACCOUNT)])
def password(visit: Visiting, by: By, old: Line = "", new: Line = "") -> Response:
    """Replace the own password; other sessions end."""
    try:
        secret = visit.use_cases.access.change_password(visit.who, old, new, by)
    except InvalidInput as problem:
        return _account(visit, problem.fields)
    answer = render.done(visit.request, "/" if visit.who.must_change else "/settings", "The password is changed",
                         "Every other session is over.")  # fmt: skip
    remember(visit.request, answer, secret, visit.use_cases.access.device_of(visit.who))
    return answer


@router.post("/settings/tokens", dependencies=[may(Permission.MANAGE_TOKENS)])
def create_token(
    visit: Visiting,
    by: By,
    token_name: Line = "",
    role: Line = ADMIN,
    expires_at: Line = "",
) -> Response:
    """Make a token; this page shows its value once."""
    try:
        if not line(token_name):
            raise InvalidInput(fields={"token_name": "is required; say what the token is for"})
        if any(
            one.name == line(token_name) and one.revoked_at is None for one in visit.queries.secrets.tokens(visit.who)
        ):
            raise InvalidInput(
                fields={"token_name": "is the name of a token already; revoke that one, or choose another"}
            )
        _, value = visit.use_cases.access.create_token(
            line(token_name)[:100], by, role=role, expires_at=until(expires_at)
        )
    except InvalidInput as problem:
        return _tokens(visit, errors=problem.fields, token_name=token_name, role=role, expires_at=expires_at)
    return _tokens(visit, value)


@router.post("/settings/tokens/{id}/revoke", dependencies=[may(Permission.MANAGE_TOKENS)])
def revoke_token(visit: Visiting, by: By, id: str) -> Response:
    """Make a token invalid at once."""
    visit.use_cases.access.revoke_token(id, by)
    return render.done(
        visit.request, "/settings/tokens", "The token is revoked", "Requests and streams with it end now.", "none"
    )


@router.post("/settings/credentials", dependencies=[may(Permission.MANAGE_CREDENTIALS)])
def add_credential(
    visit: Visiting,
    by: By,
    credential_name: Line = "",
    credential_kind: Line = "token",
    credential_username: Line = "",
    credential_secret: Lines = "",
) -> Response:
    """Store a secret, encrypted; it is never shown again, nor kept in the form when something else was wrong."""
    name, username = line(credential_name), line(credential_username)
    try:
        if credential_kind not in dict(KINDS):
            raise InvalidInput(fields={"kind": f"must be one of {', '.join(dict(KINDS))}"})
        if credential_kind == HOOK:
            visit.use_cases.webhooks.store_secret(name, credential_secret, by)
            return render.done(
                visit.request, "/settings/credentials", f"The webhook {name} has its secret", "It is never shown again."
            )
        fields = {one: username if one == "username" else credential_secret for one in NEEDS[credential_kind]}
        visit.use_cases.keyring.add(
            name, credential_kind, {**fields, **({"username": username} if username else {})}, by
        )
    except (InvalidInput, CredentialExists, EnvironmentNotFound) as problem:
        found = {key if key in ("name", "username", "kind") else "secret": text for key, text in problem.fields.items()}
        wrong = {f"credential_{key}": text for key, text in (found or {"name": problem.detail}).items()}
        typed = {"credential_name": name, "credential_kind": credential_kind, "credential_username": username}
        return _credentials(visit, wrong, **typed)
    return render.done(
        visit.request, "/settings/credentials", f"The credential {name} is stored", "It is never shown again."
    )


@router.post("/settings/credentials/{name}/delete", dependencies=[may(Permission.MANAGE_CREDENTIALS)])
def remove_credential(visit: Visiting, by: By, name: str) -> Response:
    """Delete a credential that no environment uses."""
    visit.use_cases.keyring.remove(name, by)
    return render.done(visit.request, "/settings/credentials", f"The credential {name} is gone", tone="none")
