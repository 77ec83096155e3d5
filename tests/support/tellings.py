"""What the systems that deliver in our place send, made here from the shapes that they document."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from app.domain.external import SYSTEMS
from app.domain.webhook import Proof, ReceivedBody

SECRET = "a secret of some length"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SHA = "3f6b1a52c0d94f7e8b1d2c3a4e5f60718293a4b5"


@dataclass(frozen=True)
class Sending:
    """One request: a document and its headers, without the proof."""

    document: Any
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> bytes:
        return self.document if isinstance(self.document, bytes) else json.dumps(self.document).encode()

    def proven(self, system: str, secret: str = SECRET) -> dict[str, str]:
        """The headers with the system's first proof."""
        proof = SYSTEMS[system].proofs[0]
        mac = proof.prefix + hmac.new(secret.encode(), self.body, hashlib.sha256).hexdigest()
        return {**self.headers, proof.name: secret if proof.proof is Proof.TOKEN else mac}

    def received(self) -> ReceivedBody:
        return ReceivedBody.of(self.body)


@dataclass(frozen=True)
class Asked:
    """What is to be told: a step of the delivery of a revision, that began and ended so long after noon."""

    step: str
    revision: str = SHA
    began_s: float = 0
    ended_s: float = 30
    id: str = "41"

    @property
    def began(self) -> datetime:
        return NOON + timedelta(seconds=self.began_s)

    @property
    def ended(self) -> datetime:
        return NOON + timedelta(seconds=self.ended_s)


@dataclass(frozen=True)
class Telling:
    """How a system tells. `make`: the request for what is asked; `name`: what it calls the environment in it;
    `revision_at`, `time_at`: dotted places of what may not be left out; `steps`: those that it can tell; `begins`:
    whether the end says when it began ("itself"), or another request does ("apart"), or nobody (""); `status`: what it
    says of the status with a success."""

    system: str
    make: Callable[[Asked], Sending]
    name: str
    revision_at: str
    time_at: str
    steps: tuple[str, ...]
    begins: str
    status: str = "Unknown"

    def sending(self, step: str, **more: Any) -> Sending:
        return self.make(Asked(step, **more))

    def without(self, place: str, sending: Sending, value: Any = None) -> Sending:
        """The request with one field left out, or replaced."""
        document = json.loads(json.dumps(sending.document))
        *way, last = place.split(".")
        found = document
        for part in way:
            found = found[part]
        found.pop(last)
        if value is not None:
            found[last] = value
        return replace(sending, document=document)


def stamp(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def json_form(asked: Asked) -> Sending:
    times = {"at": stamp(asked.began if asked.step == "started" else asked.ended), "started_at": stamp(asked.began)}
    return Sending(
        {"phase": asked.step, "revision": asked.revision, "id": asked.id, "environment": "prod", "actor": "ana",
         "url": "https://ci.example.org/41", **times},
    )  # fmt: skip


def argocd(asked: Asked) -> Sending:
    phase = {"started": "Running", "succeeded": "Succeeded", "failed": "Failed"}[asked.step]
    ended = {} if asked.step == "started" else {"finishedAt": stamp(asked.ended)}
    run = {
        "phase": phase, "startedAt": stamp(asked.began), **ended, "message": "one or more objects failed to apply",
        "operation": {"initiatedBy": {"username": "ana"}},
        "syncResult": {"revision": asked.revision, "source": {"repoURL": "https://git.example.org/shop.git"}},
    }  # fmt: skip
    stands = {"reconciledAt": stamp(asked.ended), "health": {"status": "Healthy"},
              "sync": {"status": "Synced", "revision": asked.revision}}  # fmt: skip
    return Sending({"app": {"metadata": {"name": "shop"}, "status": {"operationState": run, **stands}},
                    "url": "https://argocd.example.org/applications/shop"})  # fmt: skip


def flux(asked: Asked) -> Sending:
    failed = asked.step == "failed"
    kind = "HelmRelease" if asked.step == "rolled_back" else "Kustomization"
    reason = {"failed": "ReconciliationFailed", "rolled_back": "RollbackSucceeded"}.get(
        asked.step, "ReconciliationSucceeded"
    )
    return Sending({
        "involvedObject": {"kind": kind, "namespace": "flux-system", "name": "shop", "uid": "7"},
        "severity": "error" if failed else "info", "timestamp": stamp(asked.ended), "reason": reason,
        "message": "line one\nline two", "metadata": {"revision": f"main@sha1:{asked.revision}"},
        "reportingController": "kustomize-controller",
    })  # fmt: skip


def github(asked: Asked) -> Sending:
    state = {"started": "in_progress", "succeeded": "success", "failed": "failure", "rolled_back": "success"}
    task = "rollback" if asked.step == "rolled_back" else "deploy"
    at = asked.began if asked.step == "started" else asked.ended
    return Sending({
        "action": "created",
        "deployment_status": {"id": 7, "state": state[asked.step], "created_at": stamp(at), "log_url": "",
                              "description": "it broke", "environment": "production"},
        "deployment": {"id": int(asked.id), "sha": asked.revision, "task": task, "environment": "production",
                       "creator": {"login": "ana"}, "created_at": stamp(asked.began)},
        "repository": {"full_name": "team/shop"},
    }, {"x-github-event": "deployment_status", "x-github-delivery": f"{asked.id}-{asked.step}"})  # fmt: skip


def gitlab(asked: Asked) -> Sending:
    status = {"started": "running", "succeeded": "success", "failed": "failed", "canceled": "canceled"}
    at = (asked.began if asked.step == "started" else asked.ended) + timedelta(hours=2)
    return Sending({
        "object_kind": "deployment", "status": status[asked.step],
        "status_changed_at": f"{at:%Y-%m-%d %H:%M:%S} +0200", "deployment_id": int(asked.id), "deployable_id": 796,
        "deployable_url": "https://gitlab.example.org/team/shop/-/jobs/796", "environment": "production",
        "short_sha": asked.revision[:8], "commit_url": f"https://gitlab.example.org/shop/-/commit/{asked.revision}",
        "user": {"username": "ana"},
    }, {"x-gitlab-event": "Deployment Hook", "x-gitlab-event-uuid": f"{asked.id}-{asked.step}"})  # fmt: skip


def cdevent(asked: Asked) -> dict[str, Any]:
    kind = {"succeeded": "upgraded", "rolled_back": "rolledback"}[asked.step]
    return {
        "context": {"version": "0.4.1", "id": asked.id, "source": "/ci", "timestamp": stamp(asked.ended),
                    "type": f"dev.cdevents.service.{kind}.0.2.0"},
        "subject": {"id": "shop", "type": "service", "content": {
            "environment": {"id": "production"}, "artifactId": f"pkg:github/team/shop@{asked.revision}"}},
    }  # fmt: skip


def cdevents(asked: Asked) -> Sending:
    event = cdevent(asked)
    return Sending({"specversion": "1.0", "id": asked.id, "source": "/ci", "type": event["context"]["type"],
                    "datacontenttype": "application/json", "data": event})  # fmt: skip


def kamal(asked: Asked) -> Sending:
    """What the hooks post."""
    at = asked.began if asked.step == "started" else asked.ended
    took = "" if asked.step == "started" else str(int((asked.ended - asked.began).total_seconds()))
    return Sending({"phase": asked.step, "revision": asked.revision, "at": stamp(at), "actor": "ana",
                    "environment": "production", "took_s": took})  # fmt: skip


ALL = ("started", "succeeded", "failed", "canceled", "rolled_back")
BACK = ("started", "succeeded", "failed", "rolled_back")
RUN, STATUS, DATA = "app.status.operationState", "deployment_status.created_at", "data.subject.content.artifactId"
TELLINGS = (
    Telling("argocd", argocd, "shop", f"{RUN}.syncResult.revision", f"{RUN}.finishedAt", ALL[:3], "itself", "Synced"),
    Telling(
        "flux", flux, "shop", "metadata.revision", "timestamp", ("succeeded", "failed", "rolled_back"), "", "Synced"
    ),
    Telling("github", github, "production", "deployment.sha", STATUS, BACK, "apart"),
    Telling("gitlab", gitlab, "production", "short_sha", "status_changed_at", ALL[:4], "apart"),
    Telling("cdevents", cdevents, "production", DATA, "data.context.timestamp", ("succeeded", "rolled_back"), ""),
    Telling("kamal", kamal, "production", "revision", "at", BACK, "itself"),
    Telling("json", json_form, "prod", "revision", "at", ALL, "itself"),
)
BY_NAME = {one.system: one for one in TELLINGS}
