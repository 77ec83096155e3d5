"""Our own form, for whatever can post a line of JSON."""

from __future__ import annotations

from app.domain.environment import Mode
from app.domain.external.external_system import ExternalSystem, SentEvent
from app.domain.external.payload import Payload
from app.domain.external.told import DeliveryStep, Standing, Told
from app.domain.status import Health, SyncStatus
from app.domain.webhook.provider import Proof, ProofHeader

PROOFS = (
    ProofHeader("x-pushpull-signature", prefix="sha256="),
    ProofHeader("x-pushpull-token", Proof.TOKEN),
)
HEADERS = ("x-pushpull-delivery",)


def read(sent: SentEvent) -> tuple[Told, ...]:
    """{"phase", "revision", "at", "started_at"?, "finished_at"?, "took_s"?, "id"?, "url"?, "actor"?, "reason"?,
    "environment"?, "sync"?, "health"?}; without a phase, `sync` or `health` alone are told. `took_s`: how long it took,
    in place of `started_at`."""
    one = sent.payload
    standing = _standing(one)
    step = DeliveryStep(one.needed_choice("phase", list(DeliveryStep))) if one.has("phase") or not standing else None
    at, ended, took = one.needed_time("at"), one.time("finished_at"), one.seconds_of("took_s")
    return (
        Told(
            at=at,
            step=step,
            revision=one.revision("revision") if step else "",
            started_at=one.time("started_at") or ((ended or at) - took if took is not None else None),
            finished_at=ended,
            id=one.identity("id"),
            of=one.text("environment", limit=200),
            url=one.text("url"),
            actor=one.text("actor", limit=100),
            reason=one.said("reason"),
            standing=standing,
        ),
    )


def _standing(one: Payload) -> Standing | None:
    if not (one.has("sync") or one.has("health")):
        return None
    sync = one.choice("sync", SyncStatus.UNKNOWN.value, list(SyncStatus))
    return Standing(SyncStatus(sync), Health(one.choice("health", Health.UNKNOWN.value, list(Health))))


STEPS = """\
body='{"phase": "succeeded", "revision": "'"$REVISION"'", "at": "'"$(date -u +%Y-%m-%dT%H:%M:%SZ)"'"}'
mac=$(printf %s "$body" | openssl dgst -sha256 -hmac "$PUSHPULL_SECRET" | sed 's/^.* //')
curl --fail-with-body -sS @URL@ \\
  -H "Content-Type: application/json" -H "X-PushPull-Signature: sha256=$mac" -d "$body"
"""

JSON_FORM = ExternalSystem(
    "json", "JSON",
    "HMAC-SHA256 of the body, in hex: X-PushPull-Signature: sha256=…; or the secret itself: X-PushPull-Token",
    proofs=PROOFS, delivery=HEADERS, event=(), body_event="phase",
    read=read, mode=Mode.PUSH, called="environment", place="Wherever a delivery ends", steps=STEPS,
)  # fmt: skip
