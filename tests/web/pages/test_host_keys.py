"""A server's key is shown as a fingerprint and pinned only after a person has confirmed it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.ssh import fingerprint, host_key
from tests.support.sshd import SshServer, ready
from tests.web.pages.conftest import Filled
from tests.web.pages.test_deeds import form_for

pytestmark = pytest.mark.skipif(not ready(), reason="no sshd here (Debian: apt-get install openssh-server)")


@pytest.fixture
def host(tmp_path: Path) -> Iterator[SshServer]:
    with SshServer(tmp_path / "sshd") as running:
        yield running


def shown(host: SshServer) -> str:
    return fingerprint(str(host_key(host.known_hosts)))


def typed(filled: Filled, host: SshServer, name: str) -> dict[str, str]:
    login = {"target.kind": "ssh", "target.host": "127.0.0.1", "target.port": str(host.port)}
    return {**form_for(filled, name), **login, "target.user": host.user}


def key_in(page: str) -> str:
    found = re.search(r'name="target.host_key"[^>]*value="([^"]+)"', page)
    return found[1] if found else ""


def test_the_button_looks_a_host_key_up_and_saves_nothing(filled: Filled, host: SshServer) -> None:
    data = typed(filled, host, "looked")
    page = filled.person.post("/environments/checks", data={**data, "look_up": "1"})
    assert page.status_code == 200
    assert shown(host) in page.text
    assert "Is this the server that you mean?" in page.text
    assert key_in(page.text) == host_key(host.known_hosts)
    away = filled.person.post("/environments/checks", data={**data, "target.port": "1", "look_up": "1"})
    assert "No host key could be looked up" in away.text
    assert filled.person.get("/environments/looked").status_code == 404


def test_registering_without_a_host_key_asks_before_it_pins_one(filled: Filled, host: SshServer) -> None:
    data = typed(filled, host, "pinned")
    asked = filled.person.post("/environments", data=data)
    assert asked.status_code == 422
    assert shown(host) in asked.text
    assert filled.person.get("/environments/pinned").status_code == 404
    done = filled.person.post("/environments", data={**data, "target.host_key": key_in(asked.text)})
    assert done.status_code == 303, done.text
    stored = filled.server.call("GET", "/environments/pinned")["target"]
    assert stored["host_key_fingerprint"] == shown(host)
    edit = {**data, "target.host_key": "", "version": "1"}
    assert filled.person.post("/environments/pinned/edit", data=edit).status_code == 422
    host.change_host_key()
    other = filled.person.post("/environments/pinned/edit", data=edit)
    assert shown(host) in other.text
    assert filled.server.call("GET", "/environments/pinned")["target"] == stored


def test_switching_to_a_server_asks_before_it_pins_its_key(filled: Filled, host: SshServer) -> None:
    filled.server.environment("over", filled.repo)
    place = f"ssh://{host.user}@127.0.0.1:{host.port}{filled.server.live / 'over'}"
    data = {"move_target": place, "move_mode": "push", "move_reason": "from outside"}
    asked = filled.person.post("/environments/over/switches", data=data)
    assert asked.status_code == 422
    assert shown(host) in asked.text
    assert filled.server.call("GET", "/environments/over")["target"]["kind"] == "directory"
    form = asked.text.partition('id="asked"')[2].partition("</form>")[0]
    again = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form))
    assert again["move_reason"] == "from outside"
    assert filled.person.post("/environments/over/switches", data=again).status_code == 303
    target = filled.server.call("GET", "/environments/over")["target"]
    assert (target["kind"], target["host_key_fingerprint"]) == ("ssh", shown(host))
