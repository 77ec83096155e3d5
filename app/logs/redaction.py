"""What looks like a secret is never logged."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

MASK = "[masked]"
SECRET_NAME = re.compile(r"secret|passw|token|authori[sz]ation|cookie|private_key|kubeconfig|credential_value", re.I)
SECRET_TEXT = (
    re.compile(r"(?P<keep>[a-z][a-z0-9+.-]{0,30}://[^\s/:@]{0,200}:)[^\s/@]+(?=@)", re.I),  # a password in an address
    re.compile(r"(?P<keep>\b(?:bearer|basic|token)\s+)[A-Za-z0-9._~+/=-]{8,}", re.I),
    re.compile(r"(?P<keep>\b(?:password|passwd|secret|token|api_?key)(?:\s*=\s*|:\s+))[^\s,;&\"']+", re.I),
    re.compile(
        r"(?P<keep>)-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\Z)", re.S
    ),
    re.compile(r"(?P<keep>\bpp[ae]?_)[A-Za-z0-9_-]{8,}"),
)
PLAIN = frozenset({"token_id", "tokens"})


def redact(value: Any, name: str = "") -> Any:
    """A value as it may be logged: secrets by their field's name, and by their look in any text."""
    if SECRET_NAME.search(name) and name not in PLAIN and isinstance(value, str | bytes):
        return MASK
    if isinstance(value, str):
        for pattern in SECRET_TEXT:
            value = pattern.sub(rf"\g<keep>{MASK}", value)
        return value
    if isinstance(value, Mapping):
        return {key: redact(one, str(key)) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [redact(one, name) for one in value]
    return value


def one_line(text: str) -> str:
    """The text with every character that could begin a line or steer a terminal written out."""
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
