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
    kind: str  # "ssh-key", "token", "password", "kubeconfig"
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
        """Encrypt and store a secret under a new name; `secret` maps its fields to their values. Raises
        CredentialExists."""
        ...

    def replace(self, credential: Credential, secret: Mapping[str, str]) -> None:
        """Put another secret, and what is public of it, in the place of a stored one. Raises CredentialNotFound."""
        ...

    def secret(self, name: str) -> Mapping[str, str]:
        """The decrypted fields of a secret. Raises CredentialNotFound."""
        ...

    def get(self, name: str) -> Credential:
        """A credential without its secret. Raises CredentialNotFound."""
        ...

    def exists(self, name: str) -> bool:
        """Whether there is a credential of that name."""
        ...

    def page(self, limit: int, after: str | None) -> Page[Credential]:
        """Credentials without their secrets, by name; `after` is the name to continue behind."""
        ...

    def remove(self, name: str) -> None:
        """Forget a credential and its secret. Raises CredentialNotFound."""
        ...

    def touch(self, name: str, at: datetime) -> None:
        """Note that the credential was used at `at` (UTC)."""
        ...


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

    def add_user(self, user: User) -> User:
        """Store a person under a new id (the given one is ignored); returns the person with it."""
        ...

    def user(self, name: str) -> User | None:
        """A person by name; None where there is none."""
        ...

    def user_by_id(self, id: int) -> User | None:
        """A person by id; None where there is none."""
        ...

    def users(self) -> tuple[User, ...]:
        """Everybody who can log in, oldest first."""
        ...

    def set_password(self, user_id: int, password_hash: str, must_change: bool) -> None:
        """Replace a person's password hash, and whether the person must choose another one at the next log-in."""
        ...

    def add_session(self, session: Session) -> None:
        """Store a browser's log-in; its cookie is kept as a SHA-256 hash only."""
        ...

    def session(self, hash: str) -> Session | None:
        """The log-in whose cookie has this SHA-256 hash (hex), expired or not; None where there is none."""
        ...

    def end_session(self, hash: str) -> None:
        """Forget one log-in; an unknown hash is no error."""
        ...

    def end_sessions(self, user_id: int) -> None:
        """Forget every log-in of a person."""
        ...

    def add_token(self, token: Token) -> None:
        """Store an API token; its value is kept as a SHA-256 hash only."""
        ...

    def token(self, hash: str) -> Token | None:
        """The token whose value has this SHA-256 hash (hex), expired and revoked ones included; None where there is
        none."""
        ...

    def tokens(self) -> tuple[Token, ...]:
        """All tokens, oldest first, expired and revoked ones included."""
        ...

    def revoke_token(self, id: str, at: datetime) -> bool:
        """Revoke a token at `at` (UTC). False where there is none with this id, or it was revoked already."""
        ...

    def touch_token(self, id: str, at: datetime) -> None:
        """Note that the token was used at `at` (UTC)."""
        ...

    def failed_logins(self, key: str, since: datetime) -> int:
        """How many failed attempts were counted under `key` (a name or an address) since `since` (UTC)."""
        ...

    def add_failed_login(self, key: str, at: datetime) -> None:
        """Count a failed attempt under `key`."""
        ...

    def failed_login_times(self, key: str, since: datetime, now: datetime) -> tuple[datetime, ...]:
        """When attempts under `key` failed since `since`, oldest first; those behind `now`, from before the clock was
        set back, count as of now. Nobody else counts under the key until the transaction ends."""
        ...

    def forgive_failed_login(self, key: str) -> None:
        """Forget the last failed attempt under `key`."""
        ...

    def clear_failed_logins(self, key: str, *, below: bool = False) -> None:
        """Forget the failed attempts under `key`; `below`: under every key that begins with it."""
        ...


class Hasher(Protocol):
    """Slow hashes of passwords."""

    def hash(self, password: str) -> str:
        """A salted hash of the password, parameters included (Argon2id, RFC 9106)."""
        ...

    def verify(self, stored: str, password: str) -> bool:
        """Whether the password belongs to a stored hash; False for a hash that cannot be read."""
        ...


class Signing(Protocol):
    """Signatures with this installation's key; keys and signatures are hex."""

    @property
    def public_key(self) -> str:
        """The key that proves this installation's signatures: Ed25519 (RFC 8032), 32 bytes as hex."""
        ...

    def sign(self, message: bytes) -> str:
        """The signature of a message: 64 bytes as hex."""
        ...

    def verify(self, public_key: str, message: bytes, signature: str) -> bool:
        """Whether the signature is the message's under this public key; False for what is no key or no signature."""
        ...

    def vouch(self, public_key: str) -> str:
        """What only servers with the same secret can say of a public key, as hex; "" where no secret is shared."""
        ...
