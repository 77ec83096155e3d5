"""CDEvents: what became of a service, as a CloudEvent (structured or binary) or the bare document."""

from __future__ import annotations

import re
from urllib.parse import unquote

from app.domain.environment import Mode
from app.domain.external.external_system import ExternalSystem, SentEvent
from app.domain.external.payload import Payload
from app.domain.external.systems.json_form import PROOFS
from app.domain.external.told import DeliveryStep, Told

TYPES = {"deployed": DeliveryStep.SUCCEEDED, "upgraded": DeliveryStep.SUCCEEDED, "rolledback": DeliveryStep.ROLLED_BACK}
_TYPE = re.compile(r"dev\.cdevents\.service\.([a-z]+)\.\d+\.\d+\.\d+[\w.-]*\Z")
_ALGORITHM = re.compile(r"(?:sha1|sha256):")


def read(sent: SentEvent) -> tuple[Told, ...]:
    """dev.cdevents.service.deployed, upgraded and rolledback, of any version; other events tell nothing."""
    event = sent.payload.below("data") if sent.payload.has("specversion") else sent.payload
    context, subject = event.below("context"), event.below("subject")
    match = _TYPE.match(context.text("type", required=True, limit=200))
    step = TYPES.get(match[1]) if match else None
    if step is None:
        return ()
    content = subject.below("content")
    place = content.below("environment").text("id", limit=200)
    return (
        Told(
            at=context.needed_time("timestamp"),
            step=step,
            revision=_revision(content),
            id=context.identity("id"),
            of="/".join(part for part in (subject.identity("id"), place) if part),
        ),
    )


def _revision(content: Payload) -> str:
    """The version in the artifact's package URL: a commit, a digest without its algorithm, or a version."""
    address = content.text("artifactId", required=True)
    version = unquote(address.partition("#")[0].partition("?")[0].rpartition("@")[2])
    return content.of({"artifactId": _ALGORITHM.sub("", version)}).revision("artifactId") if address else ""


STEPS = """\
# any sender of CDEvents: POST @URL@
# as application/cloudevents+json, or as application/json with the headers Ce-Id, Ce-Type, Ce-Source, Ce-Specversion
curl --fail-with-body -sS @URL@ -H "X-PushPull-Token: $PUSHPULL_SECRET" \\
  -H "Content-Type: application/cloudevents+json" -d @event.json
"""

CDEVENTS = ExternalSystem(
    "cdevents", "CDEvents",
    "HMAC-SHA256 of the body, in hex: X-PushPull-Signature: sha256=…; or the secret itself: X-PushPull-Token",
    proofs=PROOFS, delivery=("ce-id",), event=("ce-type",), body_id="id", body_event="type",
    read=read, mode=Mode.PUSH, called="environment", place="Wherever events are sent from", steps=STEPS,
)  # fmt: skip
