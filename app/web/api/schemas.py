"""Bodies as OpenAPI describes them. Values are checked in app/domain/specification.py; here stand shapes and bounds."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, JsonValue


def _clean(text: str) -> str:
    if any((ord(c) < 32 and c not in "\n\t\r") or ord(c) == 127 or 0xD800 <= ord(c) <= 0xDFFF for c in text):
        raise ValueError("must not hold control characters")
    return text


Line = Annotated[str, Field(max_length=2000), AfterValidator(_clean)]
Word = Annotated[str, Field(min_length=1, max_length=250), AfterValidator(_clean)]
Moment = AwareDatetime


class Body(BaseModel):
    """Base of request bodies: an unknown field is a mistake and is named."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Problem(BaseModel):
    """RFC 9457 problem document; `code` is stable, `errors` names wrong fields."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[dict[str, str]] | None = None


class SourceBody(Body):
    repo_url: Line = Field(examples=["https://git.example/shop.git"])
    ref: Line = Field("main", description="Branch, tag or commit.")
    path: Line = Field("", description="Directory in the repository; empty for the whole tree.")
    credential: Line | None = None


class TargetBody(BaseModel):
    model_config = ConfigDict(extra="allow")
    kind: Word = Field(examples=["directory"])


class EnvironmentBody(Body):
    """A specification. `policy`: see the concepts page; `target` has the fields of its kind."""

    name: Word = Field(examples=["shop-production"])
    mode: Literal["push", "pull"] = "pull"
    runs_on: Literal["server", "agent"] = "server"
    source: SourceBody
    target: TargetBody
    policy: dict[str, JsonValue] | None = Field(None, examples=[{"interval_s": 30, "self_heal": True}])
    labels: dict[str, JsonValue] | None = Field(None, examples=[{"team": "shop"}])


class ProbeBody(SourceBody):
    """A repository to look at before saving."""


class PipelineBody(Body):
    url: Line = ""
    id: Line = ""
    commit_time: Moment | None = None


class SyncBody(Body):
    revision: Word | None = Field(None, description="Commit, branch or tag; default is the environment's ref.")
    pipeline: PipelineBody | None = None
    allow_older: bool = Field(False, description="Allow an ancestor of the live revision.")
    reason: Line = ""


class RefreshBody(Body):
    reason: Line = ""


class RollbackBody(Body):
    revision: Word | None = None
    last_good: bool = False
    strategy: Literal["pin", "revert"] = "pin"
    reason: Line = ""
    expires_at: Moment | None = None


class HoldBody(Body):
    reason: Line = ""
    expires_at: Moment | None = None


class AdoptBody(Body):
    paths: list[Line] = Field(default_factory=list, max_length=10_000)
    branch: Word | None = None
    message: Line = ""


class IgnoreBody(Body):
    path: Word
    reason: Line = ""
    expires_at: Moment | None = None


class CredentialBody(Body):
    """Which secret fields a kind needs: ssh-key: private_key, known_hosts?; token: token, username?; password:
    username, password; kubeconfig: kubeconfig; webhook-secret: secret. They are never shown again."""

    name: Word
    kind: Literal["ssh-key", "token", "password", "kubeconfig", "webhook-secret"]
    username: Line | None = None
    token: Annotated[str, Field(max_length=20_000)] | None = Field(None, json_schema_extra={"writeOnly": True})
    password: Annotated[str, Field(max_length=20_000)] | None = Field(None, json_schema_extra={"writeOnly": True})
    private_key: Annotated[str, Field(max_length=100_000)] | None = Field(None, json_schema_extra={"writeOnly": True})
    known_hosts: Annotated[str, Field(max_length=100_000)] | None = None
    kubeconfig: Annotated[str, Field(max_length=500_000)] | None = Field(None, json_schema_extra={"writeOnly": True})
    secret: Annotated[str, Field(max_length=20_000)] | None = Field(None, json_schema_extra={"writeOnly": True})


class TokenBody(Body):
    name: Word
    role: Literal["admin", "readonly"] = "admin"
    expires_at: Moment | None = None


class WebhookBody(Body):
    secret: Annotated[str, Field(min_length=16, max_length=500), AfterValidator(_clean)] | None = None


class EnrollmentBody(Body):
    environments: list[Word] = Field(max_length=1000)


class Items(BaseModel):
    """A page of a list."""

    items: list[dict[str, Any]]
    next: str | None


class Anything(BaseModel):
    """An object of the contract."""

    model_config = ConfigDict(extra="allow")


class Verified(BaseModel):
    valid: bool
    entries: int
    first_bad: int | None
    problem: str = ""
    at: datetime | None = None
