"""Which names announce a secret: `DB_PASSWORD`, `apiKey`, `client-secret`; and which only sound so."""

from __future__ import annotations

import re
from functools import lru_cache

_LONGEST = 120
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_ANYWHERE = re.compile(
    "passw(?:or)?d|passphrase|passcode|secret(?!ar)|token(?!iz)|credential|authorization|cookie|connectionstring"
    "|sessionid|sshpass|requirepass|masterauth|authpass"
    "|(?:api|app|private|access|auth|encryption|encrypt|signing|sign|shared|master|session|account|ssh|deploy|license"
    "|client|rsa|hmac|jwt|service|storage|fernet|crypt|cipher|root|ssl|tls)keys?(?!id$)"
)
_PARTS_OF_SECRETS = frozenset({"pwd", "pass", "pw", "psk", "dsn", "pat", "jwt", "passwd"})
# Names that end so tell where a secret is, or something about it: `secretName`, `PASSWORD_FILE`, `token_ttl`.
_ABOUT = frozenset(
    {"name", "names", "ref", "refs", "file", "files", "path", "dir", "mount", "ttl", "expiry", "expires", "expiration"}
    | {
        "seconds",
        "minutes",
        "hours",
        "days",
        "length",
        "size",
        "count",
        "limit",
        "type",
        "policy",
        "enabled",
        "required",
    }
    | {"stdin", "algorithm", "method", "provider"}
)
_FIGURES = frozenset({"max", "min", "num", "total"})
_BARE_FILES = frozenset({"", "txt", "key", "secret", "token", "pass", "pw", "pwd"})
_HARMLESS = frozenset({"imagepullsecrets"})


@lru_cache(4096)
def is_secret(name: str) -> bool:
    """Whether a key, variable, flag or tag of this name holds a secret."""
    if len(name) > _LONGEST:
        return False
    parts = [part.lower() for part in _PARTS.findall(name)]
    if not parts or parts[-1] in _ABOUT or parts[0] in _FIGURES:
        return False
    flat = "".join(parts)
    if flat in _HARMLESS:
        return False
    return _ANYWHERE.search(flat) is not None or not _PARTS_OF_SECRETS.isdisjoint(parts)


def is_secret_file(path: str) -> bool:
    """Whether a file of this name holds a secret and nothing else: `db_password`, `.vault-token`, `api-key.txt`."""
    stem, _, extension = path.rpartition("/")[2].lstrip(".").partition(".")
    return extension.lower() in _BARE_FILES and is_secret(stem)
