"""Request bodies as OpenAPI describes them. Values are checked in app/domain/specification/environment_fields.py; here
stand shapes and bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, WithJsonSchema

from app.domain.permissions import ADMIN, ROLES
from app.web.api.fields import LINE, NAME, Line, Moment, Word, clean_all

JsonDict = dict[str, Any]
CleanJson = Annotated[JsonValue, AfterValidator(clean_all)]
if TYPE_CHECKING:
    Role = str
else:
    Role = Literal[tuple(ROLES)]  # the checker reads no values of a table
Policy = Annotated[dict[str, CleanJson], WithJsonSchema({"$ref": "#/components/schemas/PolicyBody"})]


def _labels(value: JsonDict) -> WithJsonSchema:
    names: JsonDict = {"pattern": "^[A-Za-z0-9]([A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?$"}
    return WithJsonSchema(
        {"type": "object", "maxProperties": 50, "propertyNames": names, "additionalProperties": value}
    )


LABEL: JsonDict = {"type": "string", "maxLength": 100, "pattern": LINE}
Labels = Annotated[dict[str, CleanJson], _labels(LABEL)]
LabelChanges = Annotated[dict[str, CleanJson], _labels({"anyOf": [LABEL, {"type": "null"}]})]


class Body(BaseModel):
    """Base of request bodies: strict, and an unknown field is a mistake and is named."""

    model_config = ConfigDict(extra="forbid", strict=True)


class SourceBody(Body):
    """Where desired state comes from."""

    repo_url: Line = Field(min_length=1, examples=["https://git.example.org/shop.git"])
    ref: Line = Field("main", description="Branch, tag or commit.")
    path: Line = Field("", description="Directory in the repository; empty for the whole tree.")
    credential: Line | None = Field(None, description="Name of a stored credential.")
    lfs: bool | None = Field(False, description="Deliver the objects of Git LFS in the place of their pointers.")
    submodules: bool | None = Field(False, description="Deliver the files of submodules of the same server.")
    attributes: bool | None = Field(False, description="Apply `eol` and `export-ignore` of `.gitattributes`.")


class RuleBody(BaseModel):
    """Drift at a path or glob is accepted."""

    path: Line = Field(min_length=1)
    owner: str | None = Field(None, max_length=200)
    reason: Line | None = None
    expires_at: Moment | None = None


class CheckBody(BaseModel):
    """Asked after every sync until it passes or `deadline_s` is over: http (url), tcp (port) or command."""

    kind: Literal["http", "tcp", "command"] = "http"
    url: str | None = Field(None, examples=["http://127.0.0.1:8080/health"])
    expect_status: int | None = Field(200, ge=100, le=599)
    host: str | None = None
    port: int | None = Field(None, ge=0, le=65535)
    command: list[str] | None = Field(None, examples=[["systemctl", "is-active", "nginx"]])
    seen_from: Literal["server", "target"] | None = Field(
        "server", alias="from", description="Whose view of url or host counts; commands run on the target's machine."
    )
    timeout_s: float | None = Field(5, gt=0, le=3600)
    interval_s: float | None = Field(1, gt=0, le=3600)
    deadline_s: float | None = Field(30, gt=0, le=3600)


class HookBody(BaseModel):
    """A command run before or after the target changes; an argument list, never a shell line."""

    when: Literal["pre", "post"] = "post"
    command: list[str] = Field(min_length=1, examples=[["systemctl", "reload", "nginx"]])
    timeout_s: float | None = Field(60, gt=0, le=3600)


class PolicyBody(BaseModel):
    """What happens by itself; what is left out keeps its default."""

    model_config = ConfigDict(extra="forbid", title="Policy", json_schema_extra={
        "examples": [{"interval_s": 30, "auto_sync": True, "self_heal": True}]
    })  # fmt: skip
    interval_s: int | None = Field(60, ge=1, le=604_800, description="Seconds between polls of the source.")
    refresh_interval_s: int | None = Field(300, ge=1, le=604_800, description="Seconds between drift scans.")
    auto_sync: bool | None = Field(None, description="Deploy what a poll finds. Default: true for pull.")
    prune: bool | None = Field(True, description="Delete what we applied and Git dropped.")
    self_heal: bool | None = Field(False, description="Undo drift at once.")
    allow_empty: bool | None = Field(False, description="Let an empty desired state prune everything.")
    auto_rollback: bool | None = Field(False, description="Return to the last good revision when health fails.")
    observe: bool | None = Field(False, description="Plan and tell what would be done, and change nothing.")
    ignore: list[RuleBody] | None = None
    health_check: CheckBody | None = None
    hooks: list[HookBody] | None = None


class TargetBody(BaseModel):
    """The place; besides `kind` it has the fields of its kind. OpenAPI gets them from app/web/api/target_schema.py."""

    model_config = ConfigDict(extra="allow", strict=True)
    __pydantic_extra__: dict[str, CleanJson]
    kind: Word


class ExternalBody(Body):
    """The system that delivers in our place, and what it calls this environment."""

    system: Word = Field(examples=["argocd"])
    name: Line = Field("", description="What it tells of others is left out. Empty: it tells of no other.")


class EnvironmentBody(Body):
    """A specification."""

    name: Annotated[str, Field(pattern=NAME, examples=["shop-production"])]
    mode: Literal["push", "pull"] = "pull"
    runs_on: Literal["server", "agent", "external"] = "server"
    external: ExternalBody | None = Field(None, description="Who delivers, where runs_on is external.")
    source: SourceBody | None = Field(None, description="May be left out only where runs_on is external.")
    target: TargetBody | None = Field(None, description="Left out where runs_on is external, and only there.")
    policy: Policy | None = None
    labels: Labels | None = Field(None, examples=[{"team": "shop"}])


class EnvironmentPatch(Body):
    """A partial specification, laid over the stored one as JSON Merge Patch: null removes a field."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={
        "examples": [{"policy": {"self_heal": True}}]
    })  # fmt: skip
    name: Word | None = Field(None, description="Must equal the stored name.")
    mode: Literal["push", "pull"] | None = None
    runs_on: Literal["server", "agent", "external"] | None = None
    external: dict[str, CleanJson] | None = None
    source: dict[str, CleanJson] | None = None
    target: dict[str, CleanJson] | None = None
    policy: Policy | None = None
    labels: LabelChanges | None = None


class SwitchBody(Body):
    """What the environment is switched to; what is left out stays. The target must be the same place as before."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={
        "examples": [{"mode": "pull", "reason": "the pipeline's token leaks"}]
    })  # fmt: skip
    mode: Literal["push", "pull"] | None = None
    runs_on: Literal["server", "agent"] | None = None
    target: dict[str, CleanJson] | None = Field(None, description="The same place as the other side reaches it.")
    source: dict[str, CleanJson] | None = Field(None, description="Such as another credential.")
    policy: Policy | None = None
    agent: Word | None = Field(None, description="Id of the agent that takes over.")
    reason: Line = ""


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
    allow_older: bool = Field(
        False, description="Deliver an ancestor of the live revision, which a push environment refuses otherwise."
    )
    override_hold: bool = Field(False, description="Also under a hold; whose it was is written down.")
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
    override_hold: bool = Field(False, description="Also under a hold; whose it was is written down.")


class HoldBody(Body):
    """Why automation stops, and until when."""

    reason: Line = Field(min_length=1, description="Shown to everybody who wonders why nothing moves.")
    expires_at: Moment | None = None
    override_hold: bool = Field(False, description="Also in the place of somebody else's hold.")


class HealBody(Body):
    """What to heal: all that drifted, or only some paths of it; then the episode goes on for the others."""

    paths: list[Line] = Field(default_factory=list, max_length=5000, description="Drifted paths; all of them if empty.")
    reason: Line = ""
    override_hold: bool = Field(False, description="Also under a hold; whose it was is written down.")


class WriteBackBody(Body):
    """Which drifted paths to commit (all of them by default), and onto which branch."""

    paths: list[Line] = Field(default_factory=list, max_length=400)
    branch: Word | None = Field(None, description="Default is the environment's own branch.")
    message: Line = ""
    include_secrets: list[Line] = Field(
        default_factory=list, max_length=400, description="Paths that look like secrets and are published all the same."
    )


class EpisodeBranchBody(WriteBackBody):
    """Which of the contents that an episode keeps to commit (all of them by default), and onto which branch."""

    branch: Word | None = Field(None, description="Default is drift/NAME-NUMBER; never the environment's own branch.")


class IgnoreBody(Body):
    """A path or glob at which drift is accepted."""

    path: Word = Field(examples=["uploads/*"])
    reason: Word = Field(description="Why it is accepted; kept with who said so.")
    expires_at: Moment | None = None


class TokenBody(Body):
    """A token for a script."""

    name: Word = Field(examples=["ci"])
    role: Role = ADMIN
    expires_at: Moment | None = None


class WebhookBody(Body):
    """A secret of one's own; without it one is made up."""

    secret: Annotated[str, Field(min_length=16, max_length=500, pattern=LINE)] | None = Field(
        None, json_schema_extra={"writeOnly": True}
    )
