"""Flux: the notification-controller's providers `generic` and `generic-hmac`, which send its events as they are."""

from __future__ import annotations

import re

from app.domain.environment import Mode
from app.domain.external.external_system import ExternalSystem, SentEvent
from app.domain.external.payload import Payload
from app.domain.external.told import DeliveryStep, Standing, Told
from app.domain.status import Health, SyncStatus
from app.domain.webhook.provider import Proof, ProofHeader

WELL = frozenset({
    "ReconciliationSucceeded", "InstallSucceeded", "UpgradeSucceeded", "TestSucceeded", "RollbackSucceeded",
})  # fmt: skip
BACK = "RollbackSucceeded"
UNWELL = frozenset({"HealthCheckFailed", "TestFailed"})
KINDS = {"Kustomization": "kustomize", "HelmRelease": "helm"}
REVISIONS = ("originRevision", "revision")
_DIGEST = re.compile(r"(?:[^@]*@)?(?:sha1|sha256|sha512):([0-9a-f]+)\Z")
_OLD = re.compile(r".+/([0-9a-f]{40}|[0-9a-f]{64})\Z")


def read(sent: SentEvent) -> tuple[Told, ...]:
    """An Event of v1 or v1beta1 about a Kustomization or a HelmRelease; those of sources tell no delivery. When one
    began is not told: what is called progress comes when everything has been applied."""
    event, about = sent.payload, sent.payload.below("involvedObject")
    kind, *rest = (about.text(name, required=True, limit=253) for name in ("kind", "namespace", "name"))
    reason, at = event.text("reason", required=True, limit=100), event.needed_time("timestamp")
    failed = event.choice("severity", "info", ("trace", "info", "error")) == "error"
    if kind not in KINDS or not (failed or reason in WELL):
        return ()
    step = DeliveryStep.FAILED if failed else DeliveryStep.ROLLED_BACK if reason == BACK else DeliveryStep.SUCCEEDED
    return (
        Told(
            at=at,
            step=step,
            revision=_revision(event.below("metadata"), f"{KINDS[kind]}.toolkit.fluxcd.io"),
            of="/".join((kind, *rest)),
            reason=event.said("message") if failed else "",
            standing=_standing(step, reason),
        ),
    )


def _standing(step: DeliveryStep, reason: str) -> Standing | None:
    """What was reconciled is as it was asked for; what failed a health check is there, and not well."""
    if step is not DeliveryStep.FAILED:
        return Standing(SyncStatus.SYNCED)
    return Standing(health=Health.DEGRADED) if reason in UNWELL else None


def _revision(metadata: Payload, group: str) -> str:
    """The commit of the source, or the version of a chart; its key may have the controller's group in front."""
    names = [*REVISIONS, *(f"{group}/{name}" for name in REVISIONS)]
    name = next((one for one in names if metadata.has(one)), "revision")
    found = metadata.text(name, limit=300)
    match = _DIGEST.match(found) or _OLD.match(found)
    return match[1][:64] if match else metadata.revision(name)


STEPS = """\
apiVersion: v1
kind: Secret
metadata: {name: pushpull-@NAME@, namespace: flux-system}
stringData: {token: "@SECRET@"}
---
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Provider
metadata: {name: pushpull-@NAME@, namespace: flux-system}
spec:
  type: generic-hmac
  address: @URL@
  secretRef: {name: pushpull-@NAME@}
---
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Alert
metadata: {name: pushpull-@NAME@, namespace: flux-system}
spec:
  providerRef: {name: pushpull-@NAME@}
  eventSeverity: info
  eventSources:
    - {kind: Kustomization, name: "@NAME@"}
"""

FLUX = ExternalSystem(
    "flux", "Flux",
    "Provider generic-hmac: the secret as token of its secretRef; Provider generic: header X-PushPull-Token",
    proofs=(ProofHeader("x-signature", prefix="sha256="), ProofHeader("x-pushpull-token", Proof.TOKEN)),
    delivery=(), event=(), body_event="reason",
    read=read, mode=Mode.PULL, called="object", place="Apply to the cluster", steps=STEPS,
)  # fmt: skip
