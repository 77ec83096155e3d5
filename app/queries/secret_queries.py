"""Queries about credentials, tokens and webhook deliveries; no answer holds a secret."""

from __future__ import annotations

from app.domain.identity import Identity
from app.ports import Credential, Delivery, HookSecret, Page, Ports, Token
from app.queries.visibility import visible_environment


class SecretQueries:
    """Reads credentials, tokens and deliveries without their secrets."""

    def __init__(self, ports: Ports) -> None:
        self._store = ports.store

    def credentials(self, identity: Identity, limit: int, after: str | None = None) -> Page[Credential]:
        """Credentials by name."""
        with self._store.read() as tx:
            return tx.credentials.page(limit, after)

    def credential(self, identity: Identity, name: str) -> Credential:
        """One credential. Raises CredentialNotFound."""
        with self._store.read() as tx:
            return tx.credentials.get(name)

    def tokens(self, identity: Identity) -> tuple[Token, ...]:
        """API tokens, oldest first."""
        with self._store.read() as tx:
            return tx.identities.tokens()

    def deliveries(self, identity: Identity, limit: int) -> tuple[Delivery, ...]:
        """The latest webhook deliveries of all hooks."""
        with self._store.read() as tx:
            return tx.inbox.page(None, limit, None).items

    def webhook(self, identity: Identity, name: str, limit: int) -> tuple[HookSecret | None, tuple[Delivery, ...]]:
        """An environment's webhook: whether a secret is set, and its latest deliveries. Raises EnvironmentNotFound."""
        with self._store.read() as tx:
            environment = visible_environment(tx, identity, name)
            kept = tx.hook_secrets.get(name)
            deliveries = tx.inbox.page(name, limit, None).items
        return kept if kept and kept.environment_id == environment.id else None, deliveries
