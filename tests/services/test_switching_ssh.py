"""Switching between a directory and the same directory behind a real sshd, and on to an agent on that host."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain.environment import RunsOn
from app.domain.operation import Outcome
from app.domain.status import Divergence
from tests.support.installation import ME, Installation
from tests.support.places import picture
from tests.support.sshd import SshServer, ready

pytestmark = [
    pytest.mark.skipif(not ready(), reason="no sshd here (Debian: apt-get install openssh-server)"),
    pytest.mark.thorough,
]


@pytest.fixture
def host(tmp_path: Path) -> Iterator[SshServer]:
    with SshServer(tmp_path / "sshd") as server:
        yield server


def test_over_ssh_and_to_an_agent_nothing_is_written_and_drift_stays_drift(
    here: Installation, mode: str, host: SshServer
) -> None:
    here.use_cases.keyring.add("web1", "ssh-key", {"private_key": host.private_key}, ME)
    target = here.register(mode)
    here.deliver(mode)
    (target / "index.html").write_text("edited by hand\n")
    here.refresh()
    episode, shown = here.environment().status.drift_episode, picture(target)
    place = {"kind": "ssh", "host": "127.0.0.1", "port": host.port, "user": host.user, "path": str(target)}
    made = here.use_cases.switching.switch("shop", {"target": {**place, "credential": "web1"}}, ME)
    assert made.after.target.option("host_key")
    assert drift(here) == (Divergence.DRIFT, 1, episode)
    agent = here.use_cases.switching.switch("shop", {"runs_on": "agent", "mode": "pull"}, ME)
    assert (agent.after.runs_on, agent.after.target.option("path")) == (RunsOn.AGENT, str(target))
    back = {"runs_on": "server", "mode": mode, "target": {**place, "credential": "web1"}}
    here.use_cases.switching.switch("shop", back, ME)
    assert drift(here) == (Divergence.DRIFT, 1, episode)
    assert picture(target) == shown
    here.use_cases.drift.heal("shop", ME)
    (healed,) = here.run()
    assert healed.outcome is Outcome.HEALED
    assert (target / "index.html").read_text() == "one\n"


def drift(here: Installation) -> tuple[Divergence | None, int, int | None]:
    assert here.refresh().outcome is Outcome.OUT_OF_SYNC
    status = here.environment().status
    return status.divergence, status.drift_count, status.drift_episode
