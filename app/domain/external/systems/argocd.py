"""Argo CD: its notifications' webhook, with a template of ours that sends parts of an Application as they are."""

from __future__ import annotations

from datetime import datetime

from app.domain.environment import Mode
from app.domain.external.external_system import ExternalSystem, SentEvent
from app.domain.external.payload import Payload
from app.domain.external.told import DeliveryStep, Standing, Told
from app.domain.status import Divergence, Health, SyncStatus
from app.domain.webhook.provider import Proof, ProofHeader

PHASES = {
    "Running": DeliveryStep.STARTED,
    "Terminating": DeliveryStep.STARTED,
    "Succeeded": DeliveryStep.SUCCEEDED,
    "Failed": DeliveryStep.FAILED,
    "Error": DeliveryStep.FAILED,
}
SYNCS = {"Synced": SyncStatus.SYNCED, "OutOfSync": SyncStatus.OUT_OF_SYNC, "Unknown": SyncStatus.UNKNOWN}


def read(sent: SentEvent) -> tuple[Told, ...]:
    """{"app": {"metadata": {"name"}, "status": {"operationState", "health", "sync", "reconciledAt"}}, "url"?}."""
    app = sent.payload.below("app")
    status = app.below("status")
    name = app.below("metadata").text("name", required=True, limit=253)
    url = sent.payload.text("url")
    run = status.below("operationState")
    if not status.has("operationState"):  # it was never synced
        return (Told(at=status.needed_time("reconciledAt"), of=name, url=url, standing=_standing(status, "")),)
    step = PHASES[run.needed_choice("phase", list(PHASES))]
    began = run.needed_time("startedAt")
    ended = None if step is DeliveryStep.STARTED else run.needed_time("finishedAt")
    synced = run.below("syncResult")
    revision = _revision(run, synced)
    return (
        Told(
            at=ended or began,
            step=step,
            revision=revision,
            started_at=began,
            finished_at=ended,
            healthy_at=_healthy_at(status),
            id=f"{began:%Y-%m-%dT%H:%M:%S}Z",
            of=name,
            url=url,
            actor=run.below("operation").below("initiatedBy").text("username", limit=100),
            reason=run.said("message") if step is DeliveryStep.FAILED else "",
        ),
        *_later(status, name, url, revision),
    )


def _later(status: Payload, name: str, url: str, revision: str) -> tuple[Told, ...]:
    """How the application stands, at the time of its last reconciliation, which is later than its last operation."""
    at = status.time("reconciledAt")
    return () if at is None else (Told(at=at, of=name, url=url, standing=_standing(status, revision)),)


def _revision(run: Payload, synced: Payload) -> str:
    """What was synced: of one source, or the first of several; of a run that did not get there, what it was asked."""
    if synced.has("revision"):
        return synced.revision("revision")
    if several := synced.items("revisions"):
        return synced.of({"revisions": several[0]}).revision("revisions")
    asked = run.below("operation").below("sync")
    return asked.revision("revision") if asked.has("revision") else synced.revision("revision")


def _standing(status: Payload, live: str) -> Standing:
    sync = SYNCS[status.below("sync").choice("status", "Unknown", list(SYNCS))]
    health = Health(status.below("health").choice("status", Health.UNKNOWN.value, list(Health)))
    wanted = status.below("sync").text("revision", limit=200)
    drifts = bool(live) and wanted == live
    differs = Divergence.DRIFT if drifts else Divergence.NEW_REVISION
    return Standing(sync, health, differs if sync is SyncStatus.OUT_OF_SYNC else None)


def _healthy_at(status: Payload) -> datetime | None:
    """Since when it is healthy; older versions do not tell."""
    health = status.below("health")
    return health.time("lastTransitionTime") if health.values.get("status") == Health.HEALTHY else None


STEPS = """\
apiVersion: v1
kind: Secret
metadata: {name: argocd-notifications-secret, namespace: argocd}
stringData: {pushpull-@NAME@: "@SECRET@"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-notifications-cm, namespace: argocd}
data:
  service.webhook.pushpull-@NAME@: |
    url: @URL@
    headers:
      - {name: Content-Type, value: application/json}
      - {name: X-PushPull-Token, value: $pushpull-@NAME@}
  template.pushpull-@NAME@: |
    webhook:
      pushpull-@NAME@:
        method: POST
        body: |
          {"app": {"metadata": {"name": {{toJson .app.metadata.name}}},
                   "status": {"operationState": {{toJson .app.status.operationState}},
                              "health": {{toJson .app.status.health}},
                              "sync": {"status": {{toJson .app.status.sync.status}},
                                       "revision": {{toJson .app.status.sync.revision}}},
                              "reconciledAt": {{toJson .app.status.reconciledAt}}}},
           "url": "{{.context.argocdUrl}}/applications/{{.app.metadata.name}}"}
  trigger.pushpull-@NAME@: |
    - when: app.status.operationState != nil and app.status.operationState.phase in ['Running']
      oncePer: app.status.operationState.startedAt
      send: [pushpull-@NAME@]
    - when: app.status.operationState != nil and app.status.operationState.phase in ['Succeeded', 'Failed', 'Error']
      oncePer: app.status.operationState.finishedAt
      send: [pushpull-@NAME@]
    - when: app.status.sync.status == 'OutOfSync'
      send: [pushpull-@NAME@]
    - when: app.status.health.status in ['Degraded', 'Missing']
      send: [pushpull-@NAME@]
  # and on the Application:
  #   notifications.argoproj.io/subscribe.pushpull-@NAME@.pushpull-@NAME@: ""
"""

ARGOCD = ExternalSystem(
    "argocd", "Argo CD",
    "Notifications' webhook: header X-PushPull-Token, from argocd-notifications-secret",
    proofs=(ProofHeader("x-pushpull-token", Proof.TOKEN),),
    delivery=(), event=(),
    read=read, mode=Mode.PULL, called="application", place="Merge into the cluster's", steps=STEPS,
)  # fmt: skip
