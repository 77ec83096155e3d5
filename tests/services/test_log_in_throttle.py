"""How often a password may be guessed, and that no stranger locks out the only account."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.crypto import Passwords
from app.domain.errors import NotAuthenticated, NotFound, TooManyAttempts
from app.ports import AuditFilter
from app.services.security.access import Access
from app.services.security.log_in_throttle import PER_ADDRESS, PER_DEVICE, PER_NAME, PER_PAIR, WINDOW
from app.store import open_store
from tests.support.installation import ME, Installation

PASSWORD = "correct horse battery"
STRANGER, OWNER = "203.0.113.9", "192.0.2.1"


@pytest.fixture
def access(here: Installation) -> Access:
    here.use_cases.access.bootstrap(None, PASSWORD)
    return here.use_cases.access


def guess(access: Access, times: int, ip: str = STRANGER, name: str = "admin", device: str = "") -> None:
    for _ in range(times):
        with pytest.raises(NotAuthenticated):
            access.log_in(name, "wrong", ip, device)


class Counting:
    """Implements the port Hasher; the checks of one round wait for each other, as slow ones do."""

    def __init__(self) -> None:
        self.checked = 0
        self.turn = threading.Lock()

    def hash(self, password: str) -> str:
        return password

    def verify(self, stored: str, password: str) -> bool:
        with self.turn:
            self.checked += 1
        return stored == password


def test_guesses_at_the_same_time_do_not_pass_the_limit(here: Installation, database_url: str) -> None:
    """Two servers over one database, sixteen threads each."""
    hasher = Counting()
    again = open_store(database_url, Path(here.data) / "secret.key")
    servers = [Access(here.ports, hasher), Access(replace(here.ports, store=again), hasher)]
    servers[0].bootstrap(None, PASSWORD)
    together = threading.Barrier(16)

    def one(number: int) -> None:
        if number < 16:
            together.wait()
        with pytest.raises((NotAuthenticated, TooManyAttempts)):
            servers[number % 2].log_in("admin", f"guess {number}", STRANGER)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(one, range(40)))
    assert hasher.checked == PER_PAIR
    again.close()


def test_a_stranger_does_not_lock_out_who_comes_from_elsewhere(access: Access) -> None:
    guess(access, PER_PAIR)
    with pytest.raises(TooManyAttempts):
        access.log_in("admin", PASSWORD, STRANGER)
    assert access.log_in("admin", PASSWORD, OWNER)


def test_a_known_device_is_let_through_every_lock_out(access: Access) -> None:
    _, identity = access.log_in("admin", PASSWORD, OWNER)
    device = access.device_of(identity)
    for number in range(PER_NAME // PER_PAIR):
        guess(access, PER_PAIR, f"203.0.113.{number}")
    for ip in (OWNER, "203.0.113.0"):
        with pytest.raises(TooManyAttempts):
            access.log_in("admin", PASSWORD, ip)
        assert access.log_in("admin", PASSWORD, ip, device)
    guess(access, PER_DEVICE, OWNER, device=device)  # and has a limit of its own
    with pytest.raises(TooManyAttempts):
        access.log_in("admin", PASSWORD, OWNER, device)


@pytest.mark.parametrize("cookie", ["x", "x.y", ".", "\udcff.\udcff", "é.é", "user 1.", "a" * 5000])
def test_a_made_up_device_is_none(access: Access, cookie: str) -> None:
    guess(access, PER_PAIR, device=cookie)
    with pytest.raises(TooManyAttempts):
        access.log_in("admin", PASSWORD, STRANGER, cookie)


def test_a_new_password_ends_all_devices(access: Access) -> None:
    _, identity = access.log_in("admin", PASSWORD, OWNER)
    device = access.device_of(identity)
    assert access.knows("admin", device)
    assert not access.knows("nobody", device)
    access.change_password(identity, PASSWORD, "another long one", ME)
    assert not access.knows("admin", device)


@pytest.mark.parametrize("ips", [[STRANGER], [f"2001:db8::{number:x}" for number in range(50)]])
def test_one_place_that_tries_many_names_is_stopped(access: Access, ips: list[str]) -> None:
    for number in range(PER_ADDRESS):
        guess(access, 1, ips[number % len(ips)], f"name {number}")
    with pytest.raises(TooManyAttempts):
        access.log_in("yet another", "x", ips[0])


@pytest.mark.parametrize(("passed_s", "wait"), [(0, "15 minutes"), (90, "14 minutes"), (860, "40 seconds")])
def test_the_refusal_says_how_long_it_holds_and_holds_that_long(
    here: Installation, access: Access, passed_s: int, wait: str
) -> None:
    guess(access, PER_PAIR)
    here.clock.pass_(passed_s)
    with pytest.raises(TooManyAttempts) as problem:
        access.log_in("admin", PASSWORD, STRANGER)
    number, unit = wait.split()
    assert wait in problem.value.detail
    assert problem.value.retry_after_s == int(number) * (60 if unit == "minutes" else 1)
    here.clock.pass_(problem.value.retry_after_s)
    assert access.log_in("admin", PASSWORD, STRANGER)


def test_a_clock_that_is_set_back_locks_nobody_out_for_longer(here: Installation, access: Access) -> None:
    guess(access, PER_PAIR)
    here.clock.pass_(-86400)
    with pytest.raises(TooManyAttempts) as problem:
        access.log_in("admin", PASSWORD, STRANGER)
    assert timedelta(seconds=problem.value.retry_after_s) <= WINDOW
    here.clock.pass_(WINDOW.total_seconds() + 1)
    assert access.log_in("admin", PASSWORD, STRANGER)


def test_own_slips_are_forgiven_and_right_passwords_are_not_counted(access: Access) -> None:
    for _ in range(3):
        guess(access, PER_PAIR - 1, OWNER)
        assert access.log_in("admin", PASSWORD, OWNER)
    for _ in range(PER_NAME - 3 * (PER_PAIR - 1)):
        assert access.log_in("admin", PASSWORD, OWNER)


@pytest.mark.parametrize("typed", ["hunter2-is-secret", "Admin", "x" * 900, "a\u202eb\0c"])
def test_what_was_typed_as_a_name_stands_nowhere(here: Installation, access: Access, typed: str) -> None:
    guess(access, 1, name=typed)
    with here.store.read() as tx:
        (entry,) = tx.audit.page(AuditFilter(action="login.refused"), 9, None).items
    assert entry.object.startswith("user:unknown-")
    with here.store.engine.connect() as connection:
        tables = ("audit", "failed_logins")
        kept: list[Any] = [connection.execute(text(f"SELECT * FROM {name}")).all() for name in tables]
    assert typed.replace("\0", "")[:100] not in repr(kept)


def test_a_reset_on_the_server_is_a_way_in(here: Installation, access: Access) -> None:
    cookie, _ = access.log_in("admin", PASSWORD, OWNER)
    for number in range(PER_NAME // PER_PAIR):
        guess(access, PER_PAIR, f"203.0.113.{number}")
    once = Access(here.ports, Passwords()).reset("admin", ME)
    with pytest.raises(NotAuthenticated):
        access.authenticate_session(cookie)
    _, identity = access.log_in("admin", once, "203.0.113.0")
    assert identity.must_change
    with here.store.read() as tx:
        assert tx.audit.page(AuditFilter(action="password.reset"), 9, None).items[0].actor == str(ME)
    with pytest.raises(NotFound, match="there is admin"):
        access.reset("nobody", ME)
