"""Targets behind SSH and their keys over REST: what people compare is shown, and what was shown can be sent back."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.server import LiveServer
from tests.support.sshd import SshServer, ready

needs_sshd = pytest.mark.skipif(not ready(), reason="no sshd here (Debian: apt-get install openssh-server)")
needs_keygen = pytest.mark.skipif(
    shutil.which("ssh-keygen") is None, reason="no ssh-keygen here (Debian: apt-get install openssh-client)"
)


@pytest.fixture
def host(tmp_path: Path) -> Iterator[SshServer]:
    with SshServer(tmp_path / "sshd") as running:
        yield running


def keygen(*arguments: str | Path) -> str:
    return subprocess.run(["ssh-keygen", *map(str, arguments)], capture_output=True, text=True, check=True).stdout


@needs_sshd
def test_a_host_key_is_shown_with_its_fingerprint_and_the_document_can_be_sent_back(
    server: LiveServer, host: SshServer, tmp_path: Path
) -> None:
    key = {"name": "web1", "kind": "ssh-key", "private_key": host.private_key}
    server.call("POST", "/credentials", key, status=201)
    place = {"kind": "ssh", "host": "127.0.0.1", "port": host.port, "user": host.user, "credential": "web1"}
    made = server.environment("far", server.repo("far"), target={**place, "path": str(server.live / "far")})
    known = tmp_path / "known_hosts"
    known.write_text(host.known_hosts)
    assert made["target"]["host_key_fingerprint"] == keygen("-lf", known).split()[1]
    sent = {name: made[name] for name in ("name", "mode", "source", "target", "policy", "labels")}
    again = server.call("PATCH", "/environments/far", sent, status=200)
    assert (again["version"], again["target"]) == (made["version"], made["target"])
    server.call("DELETE", "/environments/far", status=204)
    assert server.call("POST", "/environments", sent, status=201)["target"] == made["target"]
    switched = server.call("POST", "/environments/far/switches", {"mode": "pull", "target": made["target"]}, status=201)
    assert switched["switch"]["to"]["target"] == made["target"]


@needs_keygen
@pytest.mark.parametrize("form", [("-t", "ed25519"), ("-t", "rsa", "-m", "PEM"), ("-t", "ecdsa", "-m", "PKCS8")])
def test_an_ssh_key_is_told_by_its_public_half(server: LiveServer, tmp_path: Path, form: tuple[str, ...]) -> None:
    path, name = tmp_path / "key", "-".join(form).strip("-")
    keygen("-q", "-f", path, "-N", "", *form)
    body = {"name": name, "kind": "ssh-key", "private_key": path.read_text()}
    made = server.call("POST", "/credentials", body, status=201)
    kind, blob = path.with_suffix(".pub").read_text().split()[:2]
    fingerprint = keygen("-lf", path).split()[1]
    assert made["public"] == {"type": kind, "fingerprint": fingerprint, "public_key": f"{kind} {blob}"}
    assert server.call("GET", f"/credentials/{name}")["public"] == made["public"]


@needs_keygen
def test_a_key_behind_a_passphrase_is_refused(server: LiveServer, tmp_path: Path) -> None:
    for number, form in enumerate((("-t", "ed25519"), ("-t", "rsa", "-m", "PEM"))):
        path = tmp_path / f"key{number}"
        keygen("-q", "-f", path, "-N", "secret words", *form)
        body = {"name": "locked", "kind": "ssh-key", "private_key": path.read_text()}
        answer = server.http.post("/api/v1/credentials", json=body)
        assert answer.status_code == 422
        (wrong,) = answer.json()["errors"]
        assert wrong["field"] == "private_key"
        assert "passphrase" in wrong["message"]
