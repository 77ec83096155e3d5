"""Log-in, tokens, the first start."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.domain.actor import token, user
from app.domain.errors import InvalidInput, NotAuthenticated, NotFound, TooManyAttempts
from app.domain.identity import SYSTEM
from app.ports import AuditFilter
from app.services.security.log_in_throttle import PER_NAME, PER_PAIR
from tests.support.installation import ME, Installation

PASSWORD = "correct horse battery"


@pytest.fixture
def open_here(here: Installation) -> Installation:
    assert here.use_cases.access.bootstrap("tok-" + "x" * 20, PASSWORD) is None
    return here


def test_the_first_start_makes_a_one_time_password(here: Installation) -> None:
    once = here.use_cases.access.bootstrap(None, None)
    assert once is not None
    assert here.use_cases.access.bootstrap(None, None) is None
    _, identity = here.use_cases.access.log_in("admin", once, None)
    assert identity.must_change


def test_a_session_holds_until_it_is_ended(open_here: Installation) -> None:
    access = open_here.use_cases.access
    cookie, identity = access.log_in("admin", PASSWORD, "10.0.0.1")
    assert access.authenticate_session(cookie).actor == identity.actor == user("admin")
    access.log_out(cookie, ME)
    with pytest.raises(NotAuthenticated):
        access.authenticate_session(cookie)


def test_a_session_ends_by_itself(open_here: Installation) -> None:
    cookie, _ = open_here.use_cases.access.log_in("admin", PASSWORD, None)
    open_here.clock.pass_(timedelta(days=7, seconds=1).total_seconds())
    with pytest.raises(NotAuthenticated):
        open_here.use_cases.access.authenticate_session(cookie)


def test_unknown_names_and_wrong_passwords_look_the_same_and_are_audited(open_here: Installation) -> None:
    told = set()
    for name in ("admin", "nobody"):
        with pytest.raises(NotAuthenticated) as problem:
            open_here.use_cases.access.log_in(name, "wrong", "10.0.0.9")
        told.add(problem.value.detail)
    assert len(told) == 1
    with open_here.store.read() as tx:
        assert len(tx.audit.page(AuditFilter(action="login.refused"), 9, None).items) == 2


def test_guessing_is_slowed_down_also_for_the_right_password(open_here: Installation) -> None:
    for number in range(PER_NAME):
        with pytest.raises(NotAuthenticated):
            open_here.use_cases.access.log_in("Admin", "wrong", f"10.0.0.{number // PER_PAIR}")
    with pytest.raises(TooManyAttempts):
        open_here.use_cases.access.log_in("admin", PASSWORD, "10.0.0.10")
    open_here.clock.pass_(16 * 60)
    assert open_here.use_cases.access.log_in("admin", PASSWORD, None)


def test_a_new_password_ends_all_other_sessions(open_here: Installation) -> None:
    access = open_here.use_cases.access
    old, identity = access.log_in("admin", PASSWORD, None)
    new = access.change_password(identity, PASSWORD, "another long one", ME)
    with pytest.raises(NotAuthenticated):
        access.authenticate_session(old)
    assert not access.authenticate_session(new).must_change
    with pytest.raises(NotAuthenticated):
        access.log_in("admin", PASSWORD, None)


@pytest.mark.parametrize("new", ["short", PASSWORD])
def test_a_poor_new_password_is_refused(open_here: Installation, new: str) -> None:
    _, identity = open_here.use_cases.access.log_in("admin", PASSWORD, None)
    with pytest.raises(InvalidInput) as problem:
        open_here.use_cases.access.change_password(identity, PASSWORD, new, ME)
    assert "new" in problem.value.fields


def test_the_bootstrap_token_works_and_a_new_value_replaces_it(open_here: Installation) -> None:
    access = open_here.use_cases.access
    assert access.authenticate_token("tok-" + "x" * 20).role == "admin"
    access.bootstrap("tok-" + "y" * 20, None)
    assert access.authenticate_token("tok-" + "y" * 20)
    with pytest.raises(NotAuthenticated):
        access.authenticate_token("tok-" + "x" * 20)


def test_tokens_are_kept_as_hashes_expire_and_are_revoked(open_here: Installation) -> None:
    access = open_here.use_cases.access
    made, value = access.create_token("ci", ME, expires_at=open_here.clock.now() + timedelta(hours=1))
    assert access.authenticate_token(value).actor == token("ci")
    assert value not in repr(open_here.queries.secrets.tokens(SYSTEM))
    open_here.clock.pass_(3601)
    with pytest.raises(NotAuthenticated):
        access.authenticate_token(value)
    other, second = access.create_token("two", ME)
    access.revoke_token(other.id, ME)
    with pytest.raises(NotAuthenticated):
        access.authenticate_token(second)
    with pytest.raises(NotFound):
        access.revoke_token(other.id, ME)
    assert made.prefix == value[: len(made.prefix)]


def test_secrets_are_nowhere_readable_in_the_database(open_here: Installation) -> None:
    open_here.use_cases.keyring.add("git", "token", {"token": "plain-token-value"}, ME)
    _, value = open_here.use_cases.access.create_token("ci", ME)
    with open_here.store.engine.connect() as connection:
        from app.store.tables import metadata

        everything = repr([connection.execute(table.select()).all() for table in metadata.sorted_tables])
    assert not any(secret in everything for secret in ("plain-token-value", value, PASSWORD))
    with open_here.store.read() as tx:
        assert tx.credentials.secret("git")["token"] == "plain-token-value"
