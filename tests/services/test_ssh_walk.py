"""The whole walk to a server behind SSH: registered by its address, delivered, drifted, healed, asked if it is well."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.domain.errors import CredentialInUse, InvalidInput
from app.domain.operation import Outcome, Phase
from app.domain.state.drift import DriftReport
from app.domain.status import CLEAR, Divergence, Health, SyncStatus
from app.ssh import fingerprint, host_key
from tests.support.installation import ME, Installation
from tests.support.sshd import SshServer, ready

pytestmark = [
    pytest.mark.skipif(not ready(), reason="no sshd here (Debian: apt-get install openssh-server)"),
    pytest.mark.thorough,
]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SshServer]:
    with SshServer(tmp_path / "sshd") as running:
        yield running


def specification(there: Installation, server: SshServer, **policy: Any) -> dict[str, Any]:
    target = {"kind": "ssh", "host": "127.0.0.1", "port": server.port, "user": server.user, "credential": "web1",
              "path": str(there.servers / "shop")}  # fmt: skip
    source = {"repo_url": there.url, "ref": "main", "path": "deploy"}
    return {"name": "shop", "mode": "push", "source": source, "target": target, "policy": policy}


def test_from_registration_to_healing(here: Installation, server: SshServer) -> None:
    hook = {"when": "post", "command": ["sh", "-c", "pwd -P; echo $PUSHPULL_ENVIRONMENT > ../seen"]}
    values = specification(here, server, health_check={"kind": "command", "command": ["test", "-f", "index.html"]},
                           hooks=[hook])  # fmt: skip
    with pytest.raises(InvalidInput) as refused:
        here.use_cases.registration.create(values, ME)
    assert refused.value.fields == {"target.credential": "there is no credential 'web1'; create it first"}
    here.use_cases.keyring.add("web1", "ssh-key", {"private_key": server.private_key}, ME)
    made = here.use_cases.registration.create(values, ME)
    assert made.target.option("host_key") == host_key(server.known_hosts)
    facts = {fact.title: fact.text for fact in here.ports.targets.facts(made.target)}
    assert fingerprint(str(host_key(server.known_hosts))) in facts["Host key"]
    with pytest.raises(CredentialInUse, match="shop"):
        here.use_cases.keyring.remove("web1", ME)

    first = here.repo.commit({"deploy/index.html": "one", "deploy/a/b": "1"})
    one = here.push(first)
    assert (one.phase, one.outcome, one.changes.created) == (Phase.SUCCEEDED, Outcome.DEPLOYED, 3), one.reason
    assert (here.servers / "seen").read_text() == "shop\n"
    assert here.environment().status.health is Health.HEALTHY
    assert server.private_key.splitlines()[1] not in str(one)

    (here.servers / "shop" / "index.html").write_text("by hand")
    here.refresh()
    status = here.environment().status
    assert (status.sync, status.divergence, status.drift_count) == (SyncStatus.OUT_OF_SYNC, Divergence.DRIFT, 1)
    with here.store.read() as tx:
        (item,) = (tx.drift.get(here.environment().id) or DriftReport()).items
    assert "+by hand" in (item.diff or "")
    assert here.push(first).outcome is Outcome.HEALED
    assert (here.servers / "shop" / "index.html").read_text() == "one"


def test_a_server_that_was_set_up_anew_stops_and_keeps_the_inventory(here: Installation, server: SshServer) -> None:
    here.use_cases.keyring.add("web1", "ssh-key", {"private_key": server.private_key}, ME)
    here.use_cases.registration.create(specification(here, server), ME)
    here.push(here.repo.commit({"deploy/a": "1", "deploy/b": "1"}))
    before = server.known_hosts
    server.change_host_key()
    here.ports.targets.close()
    second = here.repo.commit({"deploy/a": "2", "deploy/b": None})
    stopped = here.push(second)
    assert stopped.phase is Phase.FAILED
    assert "another host key" in stopped.reason
    assert (here.servers / "shop" / "a").read_text() == "1"
    shown = here.refresh().reason
    both = {fingerprint(str(host_key(text))) for text in (before, server.known_hosts)}
    assert all(one in shown for one in both)
    status = here.environment().status
    assert (status.health, str(status.condition)) == (Health.UNKNOWN, f"Target: {shown}")
    assert status.sync is SyncStatus.UNKNOWN, "an older verdict says nothing of a host that nobody knows"
    edited = here.use_cases.registration.edit("shop", {"target": {"host_key": None}}, ME)
    assert edited.target.option("host_key") == host_key(server.known_hosts), "looked up again"
    assert edited.status.revision is not None, "it is the same place"
    here.refresh()
    assert (here.environment().status.health, here.environment().status.condition) == (Health.HEALTHY, CLEAR)
    assert here.push(second).changes.deleted == 1, "we still know what is ours there"
