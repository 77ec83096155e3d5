"""Every provider of webhooks: one entry each."""

from __future__ import annotations

from collections.abc import Mapping

from app.domain.webhook import payloads
from app.domain.webhook.provider import Proof, ProofHeader, Provider

PROVIDERS: Mapping[str, Provider] = {
    one.name: one
    for one in (
        Provider(
            "github", "GitHub",
            "Secret; either content type",
            proofs=(ProofHeader("x-hub-signature-256", prefix="sha256="),),
            delivery=("x-github-delivery",), event=("x-github-event",), parse=payloads.github,
        ),
        Provider(
            "gitlab", "GitLab",
            "Secret token; system hooks as well",
            proofs=(ProofHeader("x-gitlab-token", Proof.TOKEN),),
            delivery=("idempotency-key", "x-gitlab-event-uuid"), event=("x-gitlab-event",), parse=payloads.gitlab,
        ),
        Provider(
            "gitea", "Gitea, Forgejo",
            "Secret; either content type",
            proofs=(ProofHeader("x-gitea-signature"), ProofHeader("x-gogs-signature")),
            delivery=("x-gitea-delivery", "x-gogs-delivery"), event=("x-gitea-event", "x-gogs-event"),
            parse=payloads.github,
        ),
        Provider(
            "gogs", "Gogs",
            "Secret; either content type",
            proofs=(ProofHeader("x-gogs-signature"),),
            delivery=("x-gogs-delivery",), event=("x-gogs-event",), parse=payloads.github,
        ),
        Provider(
            "bitbucket", "Bitbucket",
            "Secret",
            proofs=(ProofHeader("x-hub-signature", prefix="sha256="),),
            delivery=("x-request-uuid", "x-request-id"), event=("x-event-key",), parse=payloads.bitbucket,
        ),
        Provider(
            "azure", "Azure DevOps",
            "Web Hooks, event Code pushed: Basic authentication password, or HTTP header X-PushPull-Token: SECRET",
            proofs=(ProofHeader("x-pushpull-token", Proof.TOKEN), ProofHeader("authorization", Proof.BASIC)),
            delivery=(), event=(), parse=payloads.azure, body_id="id", body_event="eventType",
        ),
        Provider(
            "generic", "generic",
            "HMAC-SHA256 of the body, in hex: X-PushPull-Signature: sha256=…",
            proofs=(ProofHeader("x-pushpull-signature", prefix="sha256="),),
            delivery=("x-pushpull-delivery",), event=("x-pushpull-event",), parse=payloads.generic,
        ),
    )
}  # fmt: skip
