"""Password hashing, signatures, and the public half of a key."""

from app.crypto.keys import public_half
from app.crypto.passwords import Passwords
from app.crypto.signing import Signer

__all__ = ["Passwords", "Signer", "public_half"]
