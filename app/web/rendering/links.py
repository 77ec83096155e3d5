"""Addresses on pages: made here, checked here. Nothing that a user or a repository says becomes a link unchecked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, urlencode, urlsplit


def outside(url: str) -> str:
    """An http or https address of another place, or "" for anything else (javascript:, data:, relative ones)."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    plain = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc
    return url if plain and url.isprintable() and " " not in url else ""


def inside(path: str, default: str = "/") -> str:
    """A path of this server to go on to, or `default` for anything that could lead elsewhere."""
    odd = not path.startswith("/") or path.startswith(("//", "/\\")) or "\\" in path or not path.isprintable()
    return default if odd or urlsplit(path).netloc else path


def environment(name: str, *below: str) -> str:
    """The page of an environment, or one below it."""
    return "/".join(("/environments", *(quote(part, safe="") for part in (name, *below))))


GIT_HOSTS = (("github", "commit"), ("gitlab", "-/commit"), ("bitbucket.org", "commits"), ("gitea", "commit"),
             ("forgejo", "commit"), ("codeberg.org", "commit"))  # fmt: skip
REPOSITORY = re.compile(
    r"(?:(?:https?|ssh)://(?:[^/@\s]+@)?|[\w.-]+@)(?P<host>[\w.-]+)(?::\d+(?=/))?[:/](?P<path>[\w.~-]+(?:/[\w.~-]+)+?)/?\Z",
    re.ASCII,
)
SHA = re.compile(r"[0-9a-f]{40,64}\Z")


def commit(repo_url: str, sha: str | None) -> str:
    """The page of a commit at a Git host whose addresses are known by its name, "" for any other. Names and tokens in
    the repository's address are left out."""
    found = REPOSITORY.match(repo_url)
    if not found or not SHA.match(sha or ""):
        return ""
    kind = next((path for name, path in GIT_HOSTS if name in found["host"].lower()), None)
    return outside(f"https://{found['host']}/{found['path'].removesuffix('.git')}/{kind}/{sha}") if kind else ""


def label(key: str, value: str) -> str:
    """The overview, narrowed to environments with a label."""
    return with_query("/", {"q": f'{key}="{value}"' if any(c.isspace() for c in value) else f"{key}={value}"})


def episode(id: int) -> str:
    """The page of a drift episode."""
    return f"/drift/{id}"


def with_query(path: str, values: Mapping[str, object]) -> str:
    """A path with those query values that say anything."""
    given = {key: str(value) for key, value in values.items() if value not in (None, "", False)}
    return f"{path}?{urlencode(given)}" if given else path
