"""GitLab: deployment events, as a project's or group's webhook sends them."""

from __future__ import annotations

import re

from app.domain.environment import Mode
from app.domain.external.external_system import ExternalSystem, SentEvent
from app.domain.external.payload import Payload
from app.domain.external.told import DeliveryStep, Told
from app.domain.webhook.provider import Proof, ProofHeader

STATUSES = {
    "running": DeliveryStep.STARTED,
    "success": DeliveryStep.SUCCEEDED,
    "failed": DeliveryStep.FAILED,
    "canceled": DeliveryStep.CANCELED,
}
_COMMIT = re.compile(r"/commit/([0-9a-f]{40}|[0-9a-f]{64})\Z")


def read(sent: SentEvent) -> tuple[Told, ...]:
    """object_kind `deployment`; a status that says nothing of a beginning or an end tells nothing."""
    one = sent.payload
    step = STATUSES.get(one.text("status", limit=40)) if one.values.get("object_kind") == "deployment" else None
    if step is None:
        return ()
    return (
        Told(
            at=one.needed_time("status_changed_at"),
            step=step,
            revision=_revision(one),
            id=one.identity("deployment_id"),
            of=one.text("environment", limit=255),
            url=one.text("deployable_url"),
            actor=one.below("user").text("username", limit=100),
        ),
    )


def _revision(one: Payload) -> str:
    """The whole commit where its address holds it, which begins with the short one."""
    short = one.revision("short_sha")
    match = _COMMIT.search(one.text("commit_url"))
    return match[1] if match and short and match[1].startswith(short) else short


STEPS = """\
In the project (or group): Settings, Webhooks, Add new webhook
  URL:           @URL@
  Secret token:  @SECRET@
  Trigger:       Deployment events
"""

GITLAB = ExternalSystem(
    "gitlab", "GitLab",
    "Secret token",
    proofs=(ProofHeader("x-gitlab-token", Proof.TOKEN),),
    delivery=("idempotency-key", "x-gitlab-event-uuid"), event=("x-gitlab-event",),
    read=read, mode=Mode.PUSH, called="environment", place="On GitLab", steps=STEPS,
)  # fmt: skip
