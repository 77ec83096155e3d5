"""A private key as people paste it: what can be read is stored as ssh reads it, what cannot is refused at once."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from app.domain.errors import InvalidInput
from app.services.security.private_key_text import mended
from tests.support.installation import ME, Installation

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="no ssh-keygen here: no key was pasted")
PASTED: dict[str, Callable[[str], str]] = {
    "as it is": lambda key: key,
    "old line ends": lambda key: key.replace("\n", "\r\n"),
    "older line ends": lambda key: key.replace("\n", "\r"),
    "indented": lambda key: "".join(f"    {line}\n" for line in key.splitlines()),
    "one line": lambda key: " ".join(key.split("\n")),
    "no spaces": lambda key: "".join(line for line in key.splitlines()),
    "escaped": lambda key: key.replace("\n", "\\n"),
    "byte order mark": lambda key: "\ufeff" + key,
    "words around": lambda key: f"my key:\n{key}\nbye",
    "blank lines": lambda key: key.replace("\n", "\n\n"),
}


@pytest.mark.parametrize("how", PASTED)
@pytest.mark.parametrize("kind", [("ed25519",), ("rsa", "-m", "PEM"), ("ecdsa",)])
def test_ssh_reads_what_was_pasted(here: Installation, tmp_path: Path, kind: tuple[str, ...], how: str) -> None:
    made = tmp_path / "made"
    subprocess.run(["ssh-keygen", "-q", "-t", *kind, "-N", "", "-f", made], check=True)
    key = made.read_text()
    stored = here.use_cases.keyring.add("k", "ssh-key", {"private_key": PASTED[how](key)}, ME)
    with here.store.read() as tx:
        text = tx.credentials.secret("k")["private_key"]
    file = tmp_path / "file"
    file.write_text(text)
    file.chmod(0o600)
    told = subprocess.run(["ssh-keygen", "-lf", file], check=True, capture_output=True, text=True).stdout
    assert str(stored.public["fingerprint"]) in told
    assert mended(text) == text
    here.use_cases.keyring.replace("k", {"private_key": PASTED[how](key)}, ME)
    with here.store.read() as tx:
        assert tx.credentials.secret("k")["private_key"] == text


def test_what_nobody_can_read_is_refused(here: Installation) -> None:
    key = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----\n"
    with pytest.raises(InvalidInput) as refused:
        here.use_cases.keyring.add("k", "ssh-key", {"private_key": key}, ME)
    assert refused.value.fields == {"private_key": "cannot be read; paste the whole file as ssh-keygen wrote it"}
