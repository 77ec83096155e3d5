"""What was allowed ends when the right to it ends; what was counted is still counted after a restart."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from app.crypto import Passwords
from app.domain.errors import NotAuthenticated, SignatureMismatch, TooManyAttempts
from app.domain.webhook import ReceivedBody
from app.ports import AuditFilter
from app.services.security.access import Access
from app.services.security.log_in_throttle import PER_NAME
from app.services.triggers import webhooks
from app.store import open_store
from app.web import event_stream
from tests.support.installation import ME, Installation
from tests.support.server import LiveServer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server whose streams look again every fifth of a second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(event_stream, "BEAT_S", 0.2)
        with LiveServer(tmp_path_factory.mktemp("server"), scheduler=False) as running:
            yield running


def _ends(client: httpx.Client, path: str, end: threading.Event, ended: queue.Queue[bool]) -> None:
    with client.stream("GET", path) as answer:
        assert answer.status_code == 200
        for _ in answer.iter_bytes():
            end.set()
    ended.put(True)


@pytest.mark.parametrize("path", ["/events/stream", "/api/v1/events/stream"])
@pytest.mark.parametrize("way", ["token", "session"])
def test_a_stream_ends_with_the_right_to_it(server: LiveServer, path: str, way: str) -> None:
    with httpx.Client(base_url=server.url, timeout=10) as client:
        if way == "token":
            made = server.call("POST", "/tokens", {"name": "listener"}, status=201)
            client.headers["Authorization"] = f"Bearer {made['token']}"
        else:
            form = {"name": "admin", "password": "correct horse battery"}
            assert client.post("/login", data=form).status_code == 303
        begun, ended = threading.Event(), queue.Queue[bool]()
        threading.Thread(target=_ends, args=(client, path, begun, ended), daemon=True).start()
        assert begun.wait(10)
        if way == "token":
            server.call("DELETE", f"/tokens/{made['id']}", status=204)
        else:
            cookies = dict(client.cookies)
            assert httpx.post(f"{server.url}/logout", cookies=cookies).status_code == 303
        assert ended.get(timeout=10)


def test_failed_log_ins_are_still_counted_after_a_restart(tmp_path: Path) -> None:
    here = Installation(tmp_path, f"sqlite:///{tmp_path}/pushpull.db")
    here.use_cases.access.bootstrap(None, "correct horse battery")
    for number in range(PER_NAME):
        with pytest.raises(NotAuthenticated):
            here.use_cases.access.log_in("admin", "wrong", f"10.0.0.{number}")
        for other in range(20):  # no number of other names pushes the count out
            with here.store.write() as tx:
                tx.identities.add_failed_login(f"name:other-{number}-{other}", here.clock.now())
    here.close()
    again = open_store(f"sqlite:///{tmp_path}/pushpull.db", here.data / "secret.key")
    access = Access(replace(here.ports, store=again), Passwords())
    with pytest.raises(TooManyAttempts):
        access.log_in("admin", "correct horse battery", "10.0.1.1")
    again.close()


def test_log_ins_take_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    class Counting:
        now = most = 0
        turn = threading.Lock()

        def verify(self, stored: str, password: str) -> bool:
            with self.turn:
                self.now += 1
                self.most = max(self.most, self.now)
            threading.Event().wait(0.02)
            with self.turn:
                self.now -= 1
            return True

    counting = Counting()
    hasher = Passwords(counting)  # type: ignore[arg-type]
    with ThreadPoolExecutor(12) as pool:
        assert all(pool.map(lambda _: hasher.verify("", ""), range(12)))
    assert counting.most <= 2


def test_refused_webhooks_do_not_fill_the_audit_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "NOTED", 5)
    here = Installation(tmp_path, f"sqlite:///{tmp_path}/pushpull.db")
    secret, empty = here.use_cases.webhooks, ReceivedBody.of(b"{}")
    for _ in range(9):
        with pytest.raises(SignatureMismatch):
            secret.receive("github", "nonesuch", empty, {"x-hub-signature-256": "sha256=0"}, "10.0.0.9")
    with here.store.read() as tx:
        assert len(tx.audit.page(AuditFilter(action="webhook.refused"), 99, None).items) == 5
    here.clock.pass_(16 * 60)
    with pytest.raises(SignatureMismatch):
        secret.receive("github", "nonesuch", empty, {"x-hub-signature-256": "sha256=0"}, "10.0.0.9")
    with here.store.read() as tx:
        assert len(tx.audit.page(AuditFilter(action="webhook.refused"), 99, None).items) == 6
    here.close()


def test_credentials_are_not_mixed_up_by_threads(tmp_path: Path) -> None:
    here = Installation(tmp_path, f"sqlite:///{tmp_path}/pushpull.db")
    names = [f"cred-{number}" for number in range(6)]
    for name in names:
        here.use_cases.keyring.add(name, "token", {"token": f"secret-of-{name}"}, ME)
    from app.notifications.clock import SystemClock
    from app.store.credential_secrets import Secrets

    secrets = Secrets(here.store, SystemClock())
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda name: (name, secrets(name)["token"]), names * 20))
    assert [pair for pair in found if pair[1] != f"secret-of-{pair[0]}"] == []
    here.close()
