"""Which secrets a webhook may have, and the forms in which a provider may use one."""

from __future__ import annotations

import unicodedata

from app.domain.errors import InvalidInput
from app.domain.specification.reader import unreadable

SHORTEST, LONGEST = 8, 500  # characters


def usable(secret: str) -> str:
    """The secret again, if a delivery can match it. Raises InvalidInput.

    Providers and HTTP drop white space around a value, and a header holds neither line ends nor control characters.
    """
    wrong = ""
    if secret != secret.strip():
        wrong = "begins or ends with white space, which is lost on the way"
    elif unreadable(secret) or not secret.isprintable():
        wrong = "holds characters that cannot be typed or sent"
    elif not SHORTEST <= len(secret) <= LONGEST:
        wrong = f"must have {SHORTEST} to {LONGEST} characters"
    if wrong:
        raise InvalidInput(fields={"secret": wrong})
    return secret


def keys(secret: str) -> tuple[bytes, ...]:
    """The bytes that a provider may make of a secret: UTF-8, in the form as it was typed or in one of Unicode's own."""
    forms = (secret, unicodedata.normalize("NFC", secret), unicodedata.normalize("NFD", secret))
    return tuple(dict.fromkeys(form.encode() for form in forms))


def spoken(secret: str) -> tuple[bytes, ...]:
    """The bytes that may stand in a header: some clients send Latin-1 where the letters allow it."""
    composed = unicodedata.normalize("NFC", secret)
    latin = (composed.encode("latin-1"),) if all(ord(c) < 256 for c in composed) else ()
    return tuple(dict.fromkeys((*keys(secret), *latin)))
