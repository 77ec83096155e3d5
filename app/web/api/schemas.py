"""Request bodies as OpenAPI describes them. Values are checked in app/domain/specification.py; here stand shapes and
bounds."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue

from app.web.api.fields import Line, Moment, Secret, Word, clean_all

CleanJson = Annotated[JsonValue, AfterValidator(clean_all)]


class Body(BaseModel):
    """Base of request bodies: strict, and an unknown field is a mistake and is named."""

    model_config = ConfigDict(extra="forbid", strict=True)


class SourceBody(Body):
    """Where desired state comes from."""

    repo_url: Line = Field(min_length=1, examples=["https://git.example.org/shop.git"])
    ref: Line = Field("main", description="Branch, tag or commit.")
    path: Line = Field("", description="Directory in the repository; empty for the whole tree.")
    credential: Line | None = Field(None, description="Name of a stored credential.")


class TargetBody(BaseModel):
    """The place; besides `kind` it has the fields of its kind."""

    model_config = ConfigDict(extra="allow", strict=True, json_schema_extra={
        "examples": [{"kind": "directory", "path": "/srv/shop"}]
    })  # fmt: skip
    __pydantic_extra__: dict[str, CleanJson]
    kind: Word = Field(examples=["directory"])


class EnvironmentBody(Body):
    """A specification."""

    name: Word = Field(examples=["shop-production"], description="Letters, digits, '.', '_', '-'; at most 63.")
    mode: Literal["push", "pull"] = "pull"
    runs_on: Literal["server", "agent"] = "server"
    source: SourceBody
    target: TargetBody
    policy: dict[str, CleanJson] | None = Field(
        None,
        description="Fields of the policy, as GET shows them; what is left out keeps its default.",
        examples=[{"interval_s": 30, "auto_sync": True, "self_heal": True}],
    )
    labels: dict[str, CleanJson] | None = Field(None, examples=[{"team": "shop"}])


class EnvironmentPatch(Body):
    """A partial specification, laid over the stored one as JSON Merge Patch: null removes a field."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={
        "examples": [{"policy": {"self_heal": True}}]
    })  # fmt: skip
    name: Word | None = Field(None, description="Must equal the stored name.")
    mode: Literal["push", "pull"] | None = None
    runs_on: Literal["server", "agent"] | None = None
    source: dict[str, CleanJson] | None = None
    target: dict[str, CleanJson] | None = None
    policy: dict[str, CleanJson] | None = None
    labels: dict[str, CleanJson] | None = None


class ProbeBody(SourceBody):
    """A repository to look at before saving."""


class PipelineBody(Body):
    """The pipeline run that pushes, as it describes itself."""

    url: Line = ""
    id: Line = ""
    commit_time: Moment | None = None


class SyncBody(Body):
    """What to deliver, and who asks."""

    revision: Word | None = Field(None, description="Commit, branch or tag; default is the environment's ref.")
    pipeline: PipelineBody | None = Field(None, description="Makes `pipeline` the trigger.")
    allow_older: bool = Field(False, description="Allow an ancestor of the live revision.")
    reason: Line = ""


class RefreshBody(Body):
    """Why to compare."""

    reason: Line = ""


class RollbackBody(Body):
    """Where to go back to: either `revision` or `last_good`."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={
        "examples": [{"last_good": True, "reason": "checkout is broken"}]
    })  # fmt: skip
    revision: Word | None = Field(None, description="A revision of the history, in full or its first characters.")
    last_good: bool = False
    strategy: Literal["pin", "revert"] = Field("pin", description="`pin` holds automation; `revert` commits to Git.")
    reason: Line = ""
    expires_at: Moment | None = Field(None, description="When the hold of `pin` ends.")


class HoldBody(Body):
    """Why automation stops, and until when."""

    reason: Line = ""
    expires_at: Moment | None = None


class AdoptBody(Body):
    """Which drifted paths to commit (all of them by default), and onto which branch."""

    paths: list[Line] = Field(default_factory=list, max_length=10_000)
    branch: Word | None = Field(None, description="Default is the environment's own branch.")
    message: Line = ""


class IgnoreBody(Body):
    """A path or glob at which drift is accepted."""

    path: Word = Field(examples=["uploads/*"])
    reason: Line = ""
    expires_at: Moment | None = None


class CredentialBody(Body):
    """Which secret fields a kind needs: ssh-key: private_key, known_hosts?; token: token, username?; password:
    username, password; kubeconfig: kubeconfig; webhook-secret: secret. They are never shown again."""

    name: Word = Field(examples=["git-read"])
    kind: Literal["ssh-key", "token", "password", "kubeconfig", "webhook-secret"]
    username: Line | None = None
    token: Secret | None = None
    password: Secret | None = None
    private_key: Secret | None = None
    known_hosts: Annotated[str, Field(max_length=100_000)] | None = None
    kubeconfig: Secret | None = None
    secret: Secret | None = None


class TokenBody(Body):
    """A token for a script."""

    name: Word = Field(examples=["ci"])
    role: Literal["admin", "readonly"] = "admin"
    expires_at: Moment | None = None


class WebhookBody(Body):
    """A secret of one's own; without it one is made up."""

    secret: Annotated[Secret, Field(min_length=16, max_length=500)] | None = None


class EnrollmentBody(Body):
    """Environments that an agent shall serve."""

    environments: list[Word] = Field(max_length=1000)


Facts = dict[str, Any]
