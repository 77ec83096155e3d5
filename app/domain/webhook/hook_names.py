"""The hooks whose deliveries concern an environment: its own, and its repository's."""

from __future__ import annotations

import hashlib

from app.domain.environment import Environment

PREFIX = "repo-"


def repository_hook(repo_url: str) -> str:
    """The hook of a repository: "repo-" and 10 hex digits of the address's SHA-256."""
    return PREFIX + hashlib.sha256(repo_url.encode()).hexdigest()[:10]


def hooks_of(environment: Environment) -> tuple[str, str]:
    """The hooks whose deliveries concern an environment."""
    return environment.name, repository_hook(environment.source.repo_url)
