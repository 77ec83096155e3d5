"""Authentication: people with passwords and sessions, scripts with tokens. Refusals are audited too."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from contextlib import suppress
from datetime import datetime, timedelta

from app.domain.actor import START, Actor
from app.domain.actor import token as script
from app.domain.actor import user as person
from app.domain.audit import NewAuditEntry
from app.domain.errors import DatabaseAway, InvalidInput, NotAuthenticated, NotFound
from app.domain.expiry import require_future
from app.domain.identity import Identity
from app.domain.ids import new_id
from app.domain.permissions import ADMIN, ROLES
from app.ports import Hasher, Ports, Session, Token, User
from app.services.security import known_devices
from app.services.security.log_in_throttle import Attempt, LogInThrottle

BOOTSTRAP = "bootstrap"
SESSION_LIFE = timedelta(days=7)
TOUCH = timedelta(minutes=1)
SHORTEST_PASSWORD = 10


class Access:
    """Logs people in, manages tokens, and creates the first admin."""

    def __init__(self, ports: Ports, hasher: Hasher) -> None:
        self._ports = ports
        self._hasher = hasher
        self._decoy = ""
        self._throttle = LogInThrottle(ports)
        self._salt = secrets.token_bytes(32)
        self._touched: dict[str, float] = {}  # by token: when its use is noted again, by the monotonic clock

    # --- the first start ---
    def bootstrap(self, token: str | None, password: str | None) -> str | None:
        """Make the first admin, and the token of PUSHPULL_BOOTSTRAP_TOKEN. Returns a one-time password to print."""
        now, made = self._ports.clock.now(), None
        with self._ports.store.read() as tx:
            fresh = not tx.identities.users()
        if fresh:
            made = None if password else secrets.token_urlsafe(12)
            hashed = self._hasher.hash(password or made or "")
            with self._ports.store.write() as tx:
                if not tx.identities.users():
                    tx.identities.add_user(User(0, ADMIN, hashed, ADMIN, made is not None, now))
                    tx.audit.append(now, NewAuditEntry(START, "user.create", f"user:{ADMIN}"))
        if token:
            self._bootstrap_token(token, now)
        return made

    def _bootstrap_token(self, value: str, now: datetime) -> None:
        hashed = _hash(value)
        with self._ports.store.write() as tx:
            if tx.identities.token(hashed):
                return
            for old in tx.identities.tokens():
                if old.name == BOOTSTRAP and old.revoked_at is None:
                    tx.identities.revoke_token(old.id, now)
            made = Token(new_id(now), BOOTSTRAP, value[:4], hashed, ADMIN, str(START), now)
            tx.identities.add_token(made)
            tx.audit.append(now, NewAuditEntry(START, "token.create", f"token:{BOOTSTRAP}", {"role": ADMIN}))

    # --- people ---
    def log_in(self, name: str, password: str, ip: str | None, device: str = "") -> tuple[str, Identity]:
        """Check a password; returns the new session's secret. `device`: what `device_of` gave this browser before.
        Raises TooManyAttempts, NotAuthenticated."""
        now = self._ports.clock.now()
        with self._ports.store.read() as tx:
            user = tx.identities.user(name)
        attempt = Attempt(name, ip, known_devices.recognise(device, user))
        self._throttle.enter(attempt)
        good = self._hasher.verify(user.password_hash if user else self._any_hash(), password)
        if user is None or not good:
            self._refuse(user.name if user else self._unknown(name), ip)
            raise NotAuthenticated("Name or password is wrong.")
        secret = secrets.token_urlsafe(32)
        with self._ports.store.write() as tx:
            self._throttle.passed(tx, attempt)
            tx.identities.add_session(Session(_hash(secret), user.id, now, now + SESSION_LIFE, ip))
            tx.audit.append(now, NewAuditEntry(person(user.name, ip), "login", f"user:{user.name}"))
        return secret, _identity(user)

    def device_of(self, identity: Identity) -> str:
        """What a person's browser keeps, to be known again at its next log-in: no stranger locks it out."""
        with self._ports.store.read() as tx:
            user = tx.identities.user_by_id(int(identity.id))
        return known_devices.introduce(user) if user else ""

    def knows(self, name: str, device: str) -> bool:
        """Whether somebody of this name logged in with this browser before."""
        with self._ports.store.read() as tx:
            return bool(known_devices.recognise(device, tx.identities.user(name)))

    def reset(self, name: str, actor: Actor) -> str:
        """A way in for who lost the password or is locked out: a one-time password, and no session is left. Raises
        NotFound."""
        now, made = self._ports.clock.now(), secrets.token_urlsafe(12)
        hashed = self._hasher.hash(made)
        with self._ports.store.write() as tx:
            user = tx.identities.user(name)
            if user is None:
                there = ", ".join(one.name for one in tx.identities.users())
                raise NotFound(f"There is no user of that name; there is {there or 'none yet'}.")
            tx.identities.set_password(user.id, hashed, True)
            tx.identities.end_sessions(user.id)
            self._throttle.forgive(tx, user.name)
            tx.audit.append(now, NewAuditEntry(actor, "password.reset", f"user:{user.name}"))
        return made

    def _any_hash(self) -> str:
        """A hash that takes as long to check as a real one, so that unknown names cannot be told by time."""
        self._decoy = self._decoy or self._hasher.hash(secrets.token_urlsafe(16))
        return self._decoy

    def _unknown(self, name: str) -> str:
        """A name that is nobody's, as it is written down: people type passwords there. Equal names look alike while
        this process runs."""
        return "unknown-" + hmac.new(self._salt, name.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:6]

    def _refuse(self, name: str, ip: str | None) -> None:
        with self._ports.store.write() as tx:
            entry = NewAuditEntry(person(name, ip), "login.refused", f"user:{name}")
            tx.audit.append(self._ports.clock.now(), entry)

    def log_out(self, cookie: str, actor: Actor) -> None:
        """End a session at once."""
        now = self._ports.clock.now()
        with self._ports.store.write() as tx:
            tx.identities.end_session(_hash(cookie))
            tx.audit.append(now, NewAuditEntry(actor, "logout", str(actor), {}))

    def change_password(self, identity: Identity, old: str, new: str, actor: Actor) -> str:
        """Replace a password and end all of the user's sessions; returns a new session's secret."""
        if len(new) < SHORTEST_PASSWORD or len(new) > 1000 or new == old:
            hint = f"must have at least {SHORTEST_PASSWORD} characters and differ from the present one"
            raise InvalidInput(f"The new password {hint}.", fields={"new": hint})
        now, name = self._ports.clock.now(), identity.actor.name
        attempt = Attempt(name, actor.ip, f"user {identity.id}")
        self._throttle.enter(attempt)
        with self._ports.store.read() as tx:
            user = tx.identities.user_by_id(int(identity.id))
        if user is None or not self._hasher.verify(user.password_hash, old):
            self._refuse(name, actor.ip)
            raise InvalidInput("The present password is wrong.", fields={"old": "is not the present password"})
        hashed, secret = self._hasher.hash(new), secrets.token_urlsafe(32)
        with self._ports.store.write() as tx:
            self._throttle.passed(tx, attempt)
            tx.identities.set_password(user.id, hashed, False)
            tx.identities.end_sessions(user.id)
            tx.identities.add_session(Session(_hash(secret), user.id, now, now + SESSION_LIFE, actor.ip))
            tx.audit.append(now, NewAuditEntry(actor, "password.change", str(actor), {}))
        return secret

    def authenticate_session(self, cookie: str) -> Identity:
        """The user behind a session. Raises NotAuthenticated."""
        with self._ports.store.read() as tx:
            session = tx.identities.session(_hash(cookie))
            user = tx.identities.user_by_id(session.user_id) if session else None
        if session is None or user is None or session.expires_at <= self._ports.clock.now():
            raise NotAuthenticated("The session is over; log in again.")
        return _identity(user)

    # --- scripts ---
    def authenticate_token(self, value: str, ip: str | None = None) -> Identity:
        """The token's identity. Raises NotAuthenticated for one that is unknown, expired or revoked."""
        now = self._ports.clock.now()
        with self._ports.store.read() as tx:
            token = tx.identities.token(_hash(value))
        if token is None or token.revoked_at or (token.expires_at and token.expires_at <= now):
            raise NotAuthenticated("The token is unknown, expired or revoked.")
        if token.used_at is None or now - token.used_at > TOUCH:
            self._touch(token, now)
        return Identity(script(token.name), token.role, token.id)

    def _touch(self, token: Token, now: datetime) -> None:
        """Note the use, once a minute at most; a database that is busy does not keep the token's holder out."""
        passed = self._ports.clock.monotonic()
        if passed < self._touched.get(token.id, passed):
            return
        self._touched[token.id] = passed + TOUCH.total_seconds()
        with suppress(DatabaseAway), self._ports.store.write() as tx:
            tx.identities.touch_token(token.id, now)

    def create_token(
        self, name: str, actor: Actor, *, role: str = ADMIN, expires_at: datetime | None = None
    ) -> tuple[Token, str]:
        """A new token and its value, which is kept nowhere."""
        now = self._ports.clock.now()
        if role not in ROLES:
            raise InvalidInput(fields={"role": f"must be one of {', '.join(ROLES)}"})
        require_future(expires_at, now)
        value = "pp_" + secrets.token_urlsafe(32)
        made = Token(new_id(now), name, value[:7], _hash(value), role, str(actor), now, expires_at)
        with self._ports.store.write() as tx:
            tx.identities.add_token(made)
            data = {"role": role, "id": made.id}
            tx.audit.append(now, NewAuditEntry(actor, "token.create", f"token:{name}", data))
        return made, value

    def revoke_token(self, id: str, actor: Actor) -> None:
        """Make a token invalid at once. Raises NotFound."""
        now = self._ports.clock.now()
        with self._ports.store.write() as tx:
            if not tx.identities.revoke_token(id, now):
                raise NotFound("There is no valid token of that id.")
            tx.audit.append(now, NewAuditEntry(actor, "token.revoke", f"token:{id}", {}))


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _identity(user: User) -> Identity:
    return Identity(person(user.name), user.role, str(user.id), user.must_change)
