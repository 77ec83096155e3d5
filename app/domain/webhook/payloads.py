"""What the bodies of the providers say. Each function takes the event's name and the parsed body."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from app.domain.webhook.provider import Announcement

PUSHES = ("push", "tag_push")


def github(event: str, payload: Mapping[str, Any]) -> Announcement:
    """GitHub, Gitea, Forgejo and Gogs."""
    if event != "push":
        return Announcement(event)
    repository = payload.get("repository")
    pushed = repository.get("pushed_at") if isinstance(repository, Mapping) else None
    return Announcement(event, _ref_push(payload), _moment(pushed))


def gitlab(event: str, payload: Mapping[str, Any]) -> Announcement:
    """GitLab: hooks of projects and groups, and of the whole system, which name the event in the body."""
    kind = payload.get("object_kind") or payload.get("event_name")
    if event == "System Hook":
        return Announcement(event, _system(str(kind or ""), payload))
    known = event in ("Push Hook", "Tag Push Hook", "push") and kind in (None, *PUSHES)
    return Announcement(event, _ref_push(payload) if known else {})


def _system(kind: str, payload: Mapping[str, Any]) -> Mapping[str, str | None]:
    if kind == "repository_update":
        return {_text(change["ref"]): _commit(change["after"]) for change in payload["changes"]}
    return _ref_push(payload) if kind in PUSHES else {}


def bitbucket(event: str, payload: Mapping[str, Any]) -> Announcement:
    """Bitbucket Cloud, and Bitbucket Server and Data Center."""
    if event not in ("repo:push", "repo:refs_changed", "push"):
        return Announcement(event)
    if "changes" in payload:
        heads = dict(_server_change(change) for change in payload["changes"])
        return Announcement(event, heads, _moment(payload.get("date")))
    return Announcement(event, dict(_cloud_change(change) for change in payload["push"]["changes"]))


def _cloud_change(change: Mapping[str, Any]) -> tuple[str, str | None]:
    new, old = change.get("new"), change.get("old")
    named = new or old
    if not named:
        raise KeyError("new")
    kind = "tags" if named.get("type") in ("tag", "annotated_tag") else "heads"
    return f"refs/{kind}/{_text(named['name'])}", _commit(new["target"]["hash"]) if new else None


def _server_change(change: Mapping[str, Any]) -> tuple[str, str | None]:
    gone = change.get("type") == "DELETE"
    return _text(change["ref"]["id"]), None if gone else _commit(change["toHash"])


def azure(event: str, payload: Mapping[str, Any]) -> Announcement:
    """Azure DevOps' service hooks."""
    if event != "git.push":
        return Announcement(event)
    updates = payload["resource"]["refUpdates"]
    heads = {_text(one["name"]): _commit(one["newObjectId"]) for one in updates}
    return Announcement(event, heads, _moment(payload["resource"].get("date")))


def generic(event: str, payload: Mapping[str, Any]) -> Announcement:
    """Our own form."""
    sha = payload.get("revision") or payload.get("sha") or payload.get("after")
    ref = _text(payload.get("ref") or "")
    return Announcement(event, {ref: _commit(sha)} if ref or sha else {}, _moment(payload.get("pushed_at")))


def _ref_push(payload: Mapping[str, Any]) -> Mapping[str, str | None]:
    return {_text(payload["ref"]): _commit(payload["after"])}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _moment(value: Any) -> datetime | None:
    """A time as providers write it: seconds since the epoch, or ISO 8601 with an offset; None for anything else."""
    try:
        if type(value) is int:
            return datetime.fromtimestamp(value, UTC)
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
        return found.astimezone(UTC) if found and found.tzinfo else None
    except (ValueError, OverflowError, OSError):
        return None


def _commit(value: Any) -> str | None:
    """A commit's name; zeros (or nothing) stand for a ref that was deleted."""
    name = _text(value or "").lower()
    return name if set(name) - {"0"} else None
