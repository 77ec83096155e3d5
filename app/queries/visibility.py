"""Visibility: an environment that an identity may not see does not exist for it."""

from __future__ import annotations

from app.domain.environment import Environment
from app.domain.errors import EnvironmentNotFound
from app.domain.identity import Identity
from app.domain.permissions import Permission
from app.ports import Transaction


def may_see(identity: Identity, environment: Environment) -> bool:
    """Whether the environment exists for the identity. Today's roles are global: who may view sees every one."""
    return identity.may(Permission.VIEW)


def visible_environment(tx: Transaction, identity: Identity, name: str) -> Environment:
    """An environment by name. Raises EnvironmentNotFound, in the same words, for one that the identity may not see."""
    found = tx.environments.get(name)
    if not may_see(identity, found):
        raise EnvironmentNotFound.named(name)
    return found
