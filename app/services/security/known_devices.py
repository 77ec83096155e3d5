"""Browsers that logged in before: a cookie that only somebody who knew the password can have, signed with what the
store keeps of that password. All servers over one database know it, and a new password ends them all."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta

from app.ports import User

DEVICE_LIFE = timedelta(days=365)


def introduce(user: User) -> str:
    """A new device's cookie."""
    id = secrets.token_urlsafe(12)
    return f"{id}.{_mark(user, id)}"


def recognise(cookie: str, user: User | None) -> str:
    """The device's id, "" for a cookie that is not of this user."""
    id, _, mark = cookie.partition(".")
    good = user is not None and hmac.compare_digest(_mark(user, id).encode(), mark.encode("utf-8", "replace"))
    return id if good else ""


def _mark(user: User, id: str) -> str:
    text = f"device\0{user.id}\0{id}".encode("utf-8", "replace")
    return hmac.new(user.password_hash.encode(), text, hashlib.sha256).hexdigest()
