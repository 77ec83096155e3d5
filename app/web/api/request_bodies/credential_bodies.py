"""Request bodies that carry secrets."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from app.web.api.fields import LINES, NAME, Line, Secret, Word
from app.web.api.request_bodies.bodies import Body


class NamedSecret(Body):
    """What every credential has."""

    name: Annotated[str, Field(pattern=NAME, examples=["git-read"])]


class SshKeyBody(NamedSecret):
    """A private key, and the hosts it may be used with; without them the first key that a host shows is kept."""

    kind: Literal["ssh-key"]
    private_key: Secret
    known_hosts: Annotated[str, Field(max_length=100_000, pattern=LINES)] | None = None


class AccessTokenBody(NamedSecret):
    """A token for HTTPS."""

    kind: Literal["token"]
    token: Secret
    username: Line | None = None


class PasswordBody(NamedSecret):
    """A name and a password for HTTPS."""

    kind: Literal["password"]
    username: Word
    password: Secret


class KubeconfigBody(NamedSecret):
    """A kubeconfig."""

    kind: Literal["kubeconfig"]
    kubeconfig: Secret


class WebhookSecretBody(NamedSecret):
    """The secret of a webhook; its name is the hook's."""

    kind: Literal["webhook-secret"]
    secret: Secret


CredentialBody = Annotated[
    SshKeyBody | AccessTokenBody | PasswordBody | KubeconfigBody | WebhookSecretBody,
    Field(discriminator="kind", description="Secret fields are never shown again."),
]


class SecretBody(Body):
    """A new secret for a stored credential: the fields of its kind. What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"examples": [{"token": "…"}]})
    private_key: Secret | None = None
    known_hosts: Annotated[str, Field(max_length=100_000, pattern=LINES)] | None = None
    token: Secret | None = None
    username: Word | None = None
    password: Secret | None = None
    kubeconfig: Secret | None = None
