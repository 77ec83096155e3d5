"""Names of webhooks: an environment's own, and one that serves every environment of a repository."""

from __future__ import annotations

import re

from app.domain.environment import Environment
from app.domain.webhook.hook_names import PREFIX, repository_hook
from app.ports import Transaction

RESERVED = re.compile(rf"{PREFIX}[0-9a-f]{{10}}", re.ASCII)


def forget_hooks(tx: Transaction, environment: Environment) -> None:
    """An environment has gone: so have its hook, and its repository's if nobody else uses that. A later hook of the
    same name is another one."""
    _forget(tx, environment.name, environment.id)
    forget_repository_hook(tx, environment)


def forget_repository_hook(tx: Transaction, environment: Environment) -> None:
    """Forget the hook of the repository that an environment used, unless another environment uses it."""
    if environment.source.repo_url not in tx.environments.addresses():
        _forget(tx, repository_hook(environment.source.repo_url), environment.id)


def _forget(tx: Transaction, hook: str, last: int) -> None:
    tx.hook_secrets.remove(hook)
    tx.inbox.retire(hook, f"{hook}#{last}")
