"""The cipher of stored secrets (Fernet: AES-128-CBC with HMAC-SHA256); its library is loaded at the first use only."""

from __future__ import annotations

import base64
import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # 7 MB that an agent without credentials does not need
    from cryptography.fernet import Fernet


class WrongKey(Exception):
    """The secret was encrypted with another key."""


class Cipher:
    """Encrypts and decrypts with the key in a file, which is made if missing."""

    def __init__(self, path: Path) -> None:
        self._key = _key(path)

    @cached_property
    def _fernet(self) -> Fernet:
        from cryptography.fernet import Fernet

        return Fernet(self._key)

    def lock(self, text: str) -> bytes:
        """Encrypt a text."""
        return self._fernet.encrypt(text.encode())

    def open(self, locked: bytes) -> str:
        """Decrypt a text. Raises WrongKey."""
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet.decrypt(locked).decode()
        except InvalidToken:
            raise WrongKey from None


def _key(path: Path) -> bytes:
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.urlsafe_b64encode(os.urandom(32)))
        file.flush()
        os.fsync(file.fileno())
    return path.read_bytes()
