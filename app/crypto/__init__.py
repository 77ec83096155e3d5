"""Password hashing and signatures."""

from app.crypto.passwords import Passwords
from app.crypto.signing import Signer

__all__ = ["Passwords", "Signer"]
