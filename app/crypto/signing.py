"""Signatures of audit checkpoints: Ed25519 (RFC 8032), with a key file outside the database."""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

VOUCHED = b"key that signs checkpoints of the audit log\0"


class Signer:
    """Implements the port Signing. The key is made at the first use, readable by its owner only. `shared`: the file of
    the secret that all servers over one database have; without it nobody is vouched for."""

    def __init__(self, path: Path, shared: Path | None = None) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(_key(path))
        self._shared = shared.read_bytes() if shared else b""
        self.public_key = self._key.public_key().public_bytes_raw().hex()

    def sign(self, message: bytes) -> str:
        return self._key.sign(message).hex()

    def verify(self, public_key: str, message: bytes, signature: str) -> bool:
        return signed(public_key, message, signature)

    def vouch(self, public_key: str) -> str:
        if not self._shared:
            return ""
        return hmac.new(self._shared, VOUCHED + public_key.encode(), hashlib.sha256).hexdigest()


def signed(public_key: str, message: bytes, signature: str) -> bool:
    """Whether the signature is the message's under this public key; False for what is no key or no signature."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(bytes.fromhex(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _key(path: Path) -> bytes:
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return path.read_bytes()
    made = Ed25519PrivateKey.generate().private_bytes_raw()
    with os.fdopen(descriptor, "wb") as file:
        file.write(made)
        file.flush()
        os.fsync(file.fileno())
    return made
