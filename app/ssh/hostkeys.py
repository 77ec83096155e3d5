"""A server's public key: as one writes it down, and its fingerprint as people compare it."""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
from itertools import pairwise
from pathlib import Path

KINDS = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa")


def host_key(text: str) -> str | None:
    """The key in a line of known_hosts, of ssh-keyscan or of a .pub file as "kind base64"; None if there is none."""
    words = text.split()
    for kind, body in pairwise(words):
        if kind in KINDS and _blob(kind, body):
            return f"{kind} {body}"
    return None


def _blob(kind: str, body: str) -> bytes | None:
    """The key's bytes, if they say of themselves that they are of that kind."""
    try:
        blob = base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        return None
    return blob if blob.startswith(len(kind).to_bytes(4, "big") + kind.encode()) else None


def own_host_keys(folder: Path = Path("/etc/ssh")) -> frozenset[str]:
    """The host keys of this machine's own server, as `host_key` returns them."""
    found = set[str | None]()
    for file in folder.glob("ssh_host_*_key.pub"):
        with contextlib.suppress(OSError):
            found.add(host_key(file.read_text("utf-8", "replace")[:10_000]))
    return frozenset(key for key in found if key)


def fingerprint(key: str) -> str:
    """ "SHA256:…" of a key that `host_key` returned, as ssh and ssh-keygen show it."""
    digest = hashlib.sha256(base64.b64decode(key.split()[1])).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")
