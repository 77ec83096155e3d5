"""Password hashing, signatures, and the public half of a key."""

from app.crypto.passwords import Passwords
from app.crypto.public_keys import public_half
from app.crypto.signing import Signer, signed

__all__ = ["Passwords", "Signer", "public_half", "signed"]
