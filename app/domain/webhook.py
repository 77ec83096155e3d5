"""Webhook deliveries of the providers: what signs them, what identifies them, what they announce.

Formats follow the providers' webhook documentation. The provider comes from the route; a header never chooses it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from app.domain.errors import InvalidInput, SignatureMismatch
from app.domain.specification.reader import unreadable

MAX_BODY = 5 * 1024 * 1024
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Announcement:
    """What a delivery says: `heads` maps refs to new commits, None where a ref was deleted."""

    event: str
    heads: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Provider:
    """How one provider signs, numbers and describes its deliveries. Header names are lower-case."""

    name: str
    title: str
    signature: str
    prefix: str
    delivery: tuple[str, ...]
    event: str
    parse: Callable[[str, Any], Announcement]
    plain_token: bool = False


def authenticate(provider: Provider, secret: str, body: bytes, headers: Mapping[str, str]) -> None:
    """Check the raw body against the hook's secret, in constant time. Raises SignatureMismatch."""
    given = headers.get(provider.signature, "")
    if provider.plain_token:
        expected = secret
    else:
        expected = provider.prefix + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    if not given or not hmac.compare_digest(given.encode(), expected.encode()):
        raise SignatureMismatch(f"Header {provider.signature} is missing or does not match this webhook's secret.")


def delivery_id(provider: Provider, body: bytes, headers: Mapping[str, str]) -> str:
    """The provider's delivery id, or a digest of the body where none is sent."""
    found = next((headers[name] for name in provider.delivery if headers.get(name)), "")
    return found[:200] or "sha256:" + hashlib.sha256(body).hexdigest()


def read(provider: Provider, body: bytes, headers: Mapping[str, str]) -> Announcement:
    """Parse an authenticated body. Raises InvalidInput for anything that does not have the provider's form."""
    event = headers.get(provider.event, "push")[:100]
    try:
        payload = json.loads(_document(body, headers))
        if not isinstance(payload, dict):
            raise TypeError("the body is not a JSON object")
        return _storable(provider.parse(event, payload))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        hint = f"the body is not a {provider.title} {event} delivery ({type(error).__name__})"
        raise InvalidInput(f"The delivery was not understood: {hint}.", fields={"body": hint}) from None


def _storable(found: Announcement) -> Announcement:
    """The announcement again. Raises ValueError where it names what neither Git nor a database can hold."""
    if any(unreadable(f"{ref}{sha or ''}") for ref, sha in found.heads.items()):
        raise ValueError("a name holds control characters")
    return found


def _document(body: bytes, headers: Mapping[str, str]) -> bytes | str:
    """The JSON in a body; GitHub and Gitea can be told to send it as a form's field `payload`."""
    if headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        return body
    return parse_qs(body.decode("ascii"), max_num_fields=10)["payload"][0]


def _ref_push(payload: Mapping[str, Any]) -> Mapping[str, str | None]:
    return {str(payload["ref"]): _commit(payload["after"])}


def _commit(value: Any) -> str | None:
    """A commit's name; zeros (or nothing) stand for a ref that was deleted."""
    return str(value).lower() if value and set(str(value)) != {"0"} else None


def _github(event: str, payload: Mapping[str, Any]) -> Announcement:
    return Announcement(event, _ref_push(payload) if event == "push" else {})


def _gitlab(event: str, payload: Mapping[str, Any]) -> Announcement:
    pushes = {"Push Hook", "Tag Push Hook", "System Hook", "push"}
    known = event in pushes and payload.get("object_kind", "push") in ("push", "tag_push")
    return Announcement(event, _ref_push(payload) if known else {})


def _bitbucket(event: str, payload: Mapping[str, Any]) -> Announcement:
    if event not in ("repo:push", "repo:refs_changed", "push"):
        return Announcement(event)
    if "changes" in payload:
        return Announcement(event, dict(_server_change(change) for change in payload["changes"]))
    return Announcement(event, dict(_cloud_change(change) for change in payload["push"]["changes"]))


def _cloud_change(change: Mapping[str, Any]) -> tuple[str, str | None]:
    new, old = change.get("new"), change.get("old")
    named = new or old
    if not named:
        raise KeyError("new")
    kind = "tags" if named.get("type") in ("tag", "annotated_tag") else "heads"
    return f"refs/{kind}/{named['name']}", str(new["target"]["hash"]).lower() if new else None


def _server_change(change: Mapping[str, Any]) -> tuple[str, str | None]:
    gone = change.get("type") == "DELETE"
    return str(change["ref"]["id"]), None if gone else str(change["toHash"]).lower()


def _generic(event: str, payload: Mapping[str, Any]) -> Announcement:
    sha = payload.get("revision") or payload.get("sha") or payload.get("after")
    ref = str(payload.get("ref") or "")
    return Announcement(event, {ref: _commit(sha)} if ref or sha else {})


PROVIDERS: Mapping[str, Provider] = {
    one.name: one
    for one in (
        Provider(
            "github", "GitHub", "x-hub-signature-256", "sha256=",
            ("x-github-delivery",), "x-github-event", _github,
        ),
        Provider(
            "gitlab", "GitLab", "x-gitlab-token", "",
            ("idempotency-key", "x-gitlab-event-uuid"), "x-gitlab-event", _gitlab, plain_token=True,
        ),
        Provider("gitea", "Gitea", "x-gitea-signature", "", ("x-gitea-delivery",), "x-gitea-event", _github),
        Provider(
            "bitbucket", "Bitbucket", "x-hub-signature", "sha256=",
            ("x-request-uuid", "x-request-id"), "x-event-key", _bitbucket,
        ),
        Provider(
            "generic", "generic", "x-pushpull-signature", "sha256=",
            ("x-pushpull-delivery",), "x-pushpull-event", _generic,
        ),
    )
}  # fmt: skip
