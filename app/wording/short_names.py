"""Revisions, actors and repositories as people know them."""

from __future__ import annotations

from app.domain.actor import Actor, ActorKind
from app.domain.external import title_of
from app.domain.revision import SHORT
from app.wording.times import NOTHING


def short(sha: str | None) -> str:
    """A revision's first 8 characters."""
    return (sha or "")[:SHORT] or NOTHING


def actor(name: str | None) -> str:
    """ "ana" for "user:ana", "Argo CD" for "external:argocd"; tokens and our own parts keep their kind: "token ci"."""
    found = Actor.parse(name or "")
    if found.kind is ActorKind.EXTERNAL:
        return title_of(found.name)
    plain = found.kind in (ActorKind.USER, ActorKind.OTHER)
    return found.name or NOTHING if plain else f"{found.kind.value} {found.name}"


def repository(url: str) -> str:
    """The last two parts of a repository's address, without scheme, host, user or ".git"."""
    path = url.rstrip("/").removesuffix(".git").replace(":", "/")
    return "/".join([part for part in path.split("/") if part][-2:])
