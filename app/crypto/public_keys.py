"""What of a private key may be shown: its public half."""

from __future__ import annotations

from collections.abc import Mapping

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization as forms

from app.domain.errors import InvalidInput
from app.ssh import fingerprint

_UNREADABLE = "cannot be read; paste the whole file as ssh-keygen wrote it"
_LOCKED = "is locked with a passphrase, which nobody is there to type; store a key of its own without one"


def public_half(private_key: str) -> Mapping[str, str]:
    """The public key with its type and fingerprint, as ssh-keygen shows them; empty for a key of a form that only ssh
    itself can read. Implements the port PublicHalf. Raises InvalidInput for a key behind a passphrase, or none."""
    text = private_key.encode("utf-8", "replace")
    load = forms.load_ssh_private_key if b"BEGIN OPENSSH" in text else forms.load_pem_private_key
    try:
        key = load(text, None).public_key()
        line = key.public_bytes(forms.Encoding.OpenSSH, forms.PublicFormat.OpenSSH)
    except TypeError:
        raise InvalidInput(fields={"private_key": _LOCKED}) from None
    except ValueError:
        raise InvalidInput(fields={"private_key": _UNREADABLE}) from None
    except (UnsupportedAlgorithm, AttributeError):
        return {}
    kind, body = line.decode().split()[:2]
    shown = f"{kind} {body}"
    return {"type": kind, "fingerprint": fingerprint(shown), "public_key": shown}
