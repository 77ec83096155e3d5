"""People, tokens and secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from app.ports.storage.pages import Page


@dataclass(frozen=True, slots=True)
class Credential:
    """A stored secret, without the secret. `used_at` is its last use."""

    name: str
    kind: str  # "ssh-key", "token", "password", "kubeconfig", "webhook-secret"
    created_at: datetime
    created_by: str
    used_at: datetime | None = None
    public: Mapping[str, Any] = field(default_factory=dict)  # e.g. username, fingerprint


class PublicHalf(Protocol):
    """What of a private key may be shown."""

    def __call__(self, private_key: str) -> Mapping[str, str]:
        """ "type", "fingerprint" and "public_key", as far as they can be told. Raises InvalidInput for a key that is
        locked, so that nobody could use it."""
        ...


class Credentials(Protocol):
    """Secrets, encrypted with a key that is not in the database."""

    def put(self, credential: Credential, secret: Mapping[str, str]) -> None:
        """Raises CredentialExists."""
        ...

    def secret(self, name: str) -> Mapping[str, str]:
        """Raises CredentialNotFound."""
        ...

    def get(self, name: str) -> Credential: ...

    def page(self, limit: int, after: str | None) -> Page[Credential]: ...

    def remove(self, name: str) -> None: ...

    def touch(self, name: str, at: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class User:
    """A person who can log in. `role`: "admin" for now."""

    id: int
    name: str
    password_hash: str
    role: str
    must_change: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Session:
    """A browser's log-in; the cookie's value is stored as a hash."""

    hash: str
    user_id: int
    created_at: datetime
    expires_at: datetime
    ip: str | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """An API token without the token; `prefix` are its first characters, to recognise it."""

    id: str
    name: str
    prefix: str
    hash: str
    role: str
    created_by: str
    created_at: datetime
    expires_at: datetime | None = None
    used_at: datetime | None = None
    revoked_at: datetime | None = None


class Identities(Protocol):
    """Users, sessions, tokens and failed log-ins."""

    def add_user(self, user: User) -> User: ...

    def user(self, name: str) -> User | None: ...

    def user_by_id(self, id: int) -> User | None: ...

    def users(self) -> tuple[User, ...]: ...

    def set_password(self, user_id: int, password_hash: str, must_change: bool) -> None: ...

    def add_session(self, session: Session) -> None: ...

    def session(self, hash: str) -> Session | None: ...

    def end_session(self, hash: str) -> None: ...

    def end_sessions(self, user_id: int) -> None: ...

    def add_token(self, token: Token) -> None: ...

    def token(self, hash: str) -> Token | None: ...

    def tokens(self) -> tuple[Token, ...]: ...

    def revoke_token(self, id: str, at: datetime) -> bool: ...

    def touch_token(self, id: str, at: datetime) -> None: ...

    def failed_logins(self, key: str, since: datetime) -> int: ...

    def add_failed_login(self, key: str, at: datetime) -> None: ...

    def clear_failed_logins(self, key: str) -> None: ...


class Hasher(Protocol):
    """Slow hashes of passwords."""

    def hash(self, password: str) -> str: ...

    def verify(self, stored: str, password: str) -> bool: ...


class Signing(Protocol):
    """Signatures with this installation's key; keys and signatures are hex."""

    @property
    def public_key(self) -> str: ...

    def sign(self, message: bytes) -> str: ...

    def verify(self, public_key: str, message: bytes, signature: str) -> bool: ...
