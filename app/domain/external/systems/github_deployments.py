"""GitHub: deployments and their statuses, as a repository's or organisation's webhook sends them."""

from __future__ import annotations

from app.domain.environment import Mode
from app.domain.external.external_system import ExternalSystem, SentEvent
from app.domain.external.payload import Payload
from app.domain.external.told import DeliveryStep, Told
from app.domain.webhook.provider import ProofHeader

STATES = {
    "in_progress": DeliveryStep.STARTED,
    "success": DeliveryStep.SUCCEEDED,
    "failure": DeliveryStep.FAILED,
    "error": DeliveryStep.FAILED,
}


def read(sent: SentEvent) -> tuple[Told, ...]:
    """`deployment` and `deployment_status`; a status that says nothing of a beginning or an end tells nothing."""
    if sent.event == "deployment":
        deployment = sent.payload.below("deployment")
        return (_told(deployment, DeliveryStep.STARTED, deployment, ""),)
    if sent.event != "deployment_status":
        return ()
    status = sent.payload.below("deployment_status")
    step = STATES.get(status.text("state", required=True, limit=40))
    if step is None:
        return ()
    deployment = sent.payload.below("deployment")
    if step is DeliveryStep.SUCCEEDED and deployment.text("task", limit=200).startswith("rollback"):
        step = DeliveryStep.ROLLED_BACK
    return (_told(deployment, step, status, status.said("description") if step is DeliveryStep.FAILED else ""),)


def _told(deployment: Payload, step: DeliveryStep, at: Payload, reason: str) -> Told:
    return Told(
        at=at.needed_time("created_at"),
        step=step,
        revision=deployment.revision("sha"),
        id=deployment.identity("id"),
        of=deployment.text("environment", limit=255),
        url=at.text("log_url") or at.text("target_url"),
        actor=deployment.below("creator").text("login", limit=100),
        reason=reason,
    )


STEPS = """\
In the repository (or organisation): Settings, Webhooks, Add webhook
  Payload URL:   @URL@
  Content type:  application/json
  Secret:        @SECRET@
  Events:        Deployments, Deployment statuses
"""

GITHUB = ExternalSystem(
    "github", "GitHub",
    "Secret",
    proofs=(ProofHeader("x-hub-signature-256", prefix="sha256="),),
    delivery=("x-github-delivery",), event=("x-github-event",),
    read=read, mode=Mode.PUSH, called="environment", place="On GitHub", steps=STEPS,
)  # fmt: skip
