"""Deliveries of every provider: authentic ones are understood, others are refused before anything is parsed."""

import base64
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import InvalidInput, SignatureMismatch
from app.domain.webhook import MAX_BODY, PROVIDERS, Proof, ReceivedBody, authenticate, read, usable
from app.domain.webhook.signatures import MOST_HEADS, delivery_id

SECRET = "correct horse"
SHA = "a" * 40
PUSH = {"ref": "refs/heads/main", "after": SHA, "object_kind": "push"}
CLOUD = {"push": {"changes": [{"new": {"type": "branch", "name": "main", "target": {"hash": SHA}}, "old": None}]}}
AZURE = {
    "id": "03c164c2-8912-4d5e-8009-3707d5f83734",
    "eventType": "git.push",
    "resource": {"refUpdates": [{"name": "refs/heads/main", "oldObjectId": "0" * 40, "newObjectId": SHA}]},
}
SERVER = {"changes": [{"ref": {"id": "refs/heads/main"}, "type": "UPDATE", "toHash": SHA}]}


def proofs(name: str, body: bytes, secret: str = SECRET) -> list[dict[str, str]]:
    """Every header that proves a body to a provider, each alone."""
    mac = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    basic = "Basic " + base64.b64encode(f"anybody:{secret}".encode()).decode()
    told = {Proof.HMAC: mac, Proof.TOKEN: secret.encode().decode("latin-1"), Proof.BASIC: basic}
    return [{one.name: one.prefix + told[one.proof]} for one in PROVIDERS[name].proofs]


def signed(name: str, body: bytes) -> dict[str, str]:
    return proofs(name, body)[0]


def heads(name: str, body: bytes, headers: dict[str, str]) -> Any:
    return read(PROVIDERS[name], ReceivedBody.of(body, headers.get("content-type", "")), headers)[0].heads


def check(name: str, body: bytes, headers: dict[str, str], secret: str = SECRET) -> None:
    authenticate(PROVIDERS[name], secret, ReceivedBody.of(body, headers.get("content-type", "")), headers)


SIGNED = [name for name, one in PROVIDERS.items() if one.proofs[0].proof is Proof.HMAC]
VALUES = st.recursive(st.none() | st.integers() | st.text(), st.lists)
BODIES = st.binary() | VALUES.map(lambda value: json.dumps(value).encode())
CASES = [
    ("github", PUSH, {"x-github-event": "push"}),
    ("gitlab", PUSH, {"x-gitlab-event": "Push Hook"}),
    ("gitea", PUSH, {"x-gitea-event": "push"}),
    ("gitea", PUSH, {"x-gogs-event": "push"}),
    ("gogs", PUSH, {"x-gogs-event": "push"}),
    ("gitlab", {"event_name": "push", **PUSH}, {"x-gitlab-event": "System Hook"}),
    ("gitlab", {"event_name": "repository_update", "changes": [PUSH]}, {"x-gitlab-event": "System Hook"}),
    ("azure", AZURE, {}),
    ("bitbucket", CLOUD, {"x-event-key": "repo:push"}),
    ("bitbucket", SERVER, {"x-event-key": "repo:refs_changed"}),
    ("generic", {"ref": "refs/heads/main", "revision": SHA}, {}),
]


@pytest.mark.parametrize(("name", "payload", "headers"), CASES)
def test_a_push_is_understood(name: str, payload: Any, headers: dict[str, str]) -> None:
    body = json.dumps(payload).encode()
    check(name, body, signed(name, body))
    assert heads(name, body, headers) == {"refs/heads/main": SHA}


@pytest.mark.parametrize("name", ["github", "gitea"])
def test_a_push_sent_as_a_form_is_understood(name: str) -> None:
    body = urlencode({"payload": json.dumps(PUSH)}).encode()
    headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8", **signed(name, body)}
    check(name, body, headers)
    assert heads(name, body, headers) == {"refs/heads/main": SHA}
    with pytest.raises(InvalidInput):
        heads(name, b"payload=" + b"%FF" * 9, headers)


@pytest.mark.parametrize(("name", "payload", "headers"), [case for case in CASES if case[0] != "bitbucket"])
def test_zeros_announce_a_deleted_ref(name: str, payload: Any, headers: dict[str, str]) -> None:
    gone = json.dumps(payload).replace(SHA, "0" * 40).encode()
    assert heads(name, gone, headers) == {"refs/heads/main": None}


@pytest.mark.parametrize("name", PROVIDERS)
def test_another_secret_or_none_is_refused(name: str) -> None:
    body = b"{}"
    header = PROVIDERS[name].proofs[0].name
    for headers in ({}, {header: ""}, {header: "sha256=" + "0" * 64}, *proofs(name, body, "another secret")):
        with pytest.raises(SignatureMismatch):
            check(name, body, headers)


@pytest.mark.parametrize("name", SIGNED)
def test_the_signature_covers_every_byte_of_the_body(name: str) -> None:
    body = json.dumps(PUSH).encode()
    with pytest.raises(SignatureMismatch):
        check(name, body + b" ", signed(name, body))


def test_one_providers_signature_does_not_open_another() -> None:
    body = json.dumps(PUSH).encode()
    with pytest.raises(SignatureMismatch):
        check("gitlab", body, signed("github", body))


def test_a_deleted_branch_announces_no_commit() -> None:
    body = json.dumps({"ref": "refs/heads/gone", "after": "0" * 40}).encode()
    assert heads("github", body, {"x-github-event": "push"}) == {"refs/heads/gone": None}


def test_other_events_announce_nothing() -> None:
    assert heads("github", b'{"zen": "x"}', {"x-github-event": "ping"}) == {}


def test_deliveries_without_an_id_are_known_by_their_body() -> None:
    one = delivery_id(PROVIDERS["github"], ReceivedBody.of(b"a"), {})
    assert one == delivery_id(PROVIDERS["github"], ReceivedBody.of(b"a"), {})
    assert one != delivery_id(PROVIDERS["github"], ReceivedBody.of(b"b"), {})
    assert delivery_id(PROVIDERS["github"], ReceivedBody.of(b"a"), {"x-github-delivery": "7"}) == "7"


@pytest.mark.parametrize("text", [r"\ud800", r"\u0000", r"\n"])
@pytest.mark.parametrize("field", ["ref", "after"])
def test_names_that_no_database_takes_are_refused_at_the_door(field: str, text: str) -> None:
    body = json.dumps({**PUSH, field: "TEXT"}).replace("TEXT", text).encode()
    with pytest.raises(InvalidInput):
        heads("github", body, {"x-github-event": "push"})


@pytest.mark.parametrize("name", PROVIDERS)
@given(body=BODIES)
def test_malformed_bodies_are_refused_in_words(name: str, body: bytes) -> None:
    headers = {"x-event-key": "repo:push"} if name == "bitbucket" else {}
    problem = None
    try:
        heads(name, body, headers)
    except InvalidInput as refused:
        problem = refused
    assert problem is None or "body" in problem.fields


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("secret", ["correct horse battery", "schöne-größe-1", "пароль-вебхука", "🔑🔑🔑🔑🔑🔑🔑🔑"])
def test_every_usable_secret_matches_in_every_way(name: str, secret: str) -> None:
    body = json.dumps(PUSH).encode()
    for headers in proofs(name, body, usable(secret)):
        check(name, body, headers, secret)


@given(secret=st.text(min_size=1, max_size=600))
def test_a_secret_matches_or_is_refused_at_once(secret: str) -> None:
    try:
        usable(secret)
    except InvalidInput:
        return
    for name in PROVIDERS:
        for headers in proofs(name, b"{}", secret):
            stripped = {key: value.strip(" \t") for key, value in headers.items()}  # what HTTP leaves of it
            check(name, b"{}", stripped, secret)


@pytest.mark.parametrize("name", SIGNED)
def test_a_form_may_be_signed_by_what_it_holds(name: str) -> None:
    text = json.dumps({**PUSH, "message": "a+b & 100 % ü" * 20_000})
    body = urlencode({"other": "1&2", "payload": text, "more": "x"}).encode()
    form = {"content-type": "application/x-www-form-urlencoded", "x-gitea-event": "push", "x-gogs-event": "push"}
    check(name, body, {**form, **signed(name, text.encode())})
    if name != "bitbucket":
        assert heads(name, body, form) == {"refs/heads/main": SHA}
    with pytest.raises(SignatureMismatch):
        check(name, body, {**form, **signed(name, text.encode() + b" ")})


@given(text=st.text(max_size=300), piece=st.integers(1, 7))
def test_a_form_in_pieces_is_the_form_as_a_whole(text: str, piece: int) -> None:
    from app.domain.webhook import received_body

    body = urlencode({"a": "payload=x", "payload": text, "z": "payload=y"}).encode()
    before, received_body._PIECE = received_body._PIECE, piece
    try:
        given = ReceivedBody.of(body, received_body.FORM)
        assert b"".join(given._document()).decode() == text
    finally:
        received_body._PIECE = before


def test_the_secret_of_basic_authentication_is_the_password() -> None:
    for text in ("Basic !", "Bearer " + SECRET, "Basic " + base64.b64encode(SECRET.encode()).decode(), "Basic"):
        with pytest.raises(SignatureMismatch):
            check("azure", b"{}", {"authorization": text})


def test_azures_delivery_is_known_by_the_id_in_its_body() -> None:
    body = ReceivedBody.of(json.dumps(AZURE).encode())
    assert read(PROVIDERS["azure"], body, {})[1] == AZURE["id"]


@pytest.mark.parametrize("event", ["project_create", "user_add_to_team", "merge_request", ""])
def test_other_events_of_a_whole_gitlab_announce_nothing(event: str) -> None:
    body = json.dumps({"event_name": event, "name": "x"}).encode()
    assert heads("gitlab", body, {"x-gitlab-event": "System Hook"}) == {}


@pytest.mark.parametrize("odd", [{"after": 1}, {"after": [SHA]}, {"after": "main"}, {"after": "g" * 40}, {"ref": None},
                                 {"ref": ["refs/heads/main"]}, {"ref": "x" * 2000}, {"after": "-" + SHA}])  # fmt: skip
def test_odd_bodies_are_refused_at_the_door(odd: dict[str, Any]) -> None:
    for name in ("github", "gitea", "gogs", "gitlab"):
        headers = {"x-gitlab-event": "Push Hook"}
        with pytest.raises(InvalidInput):
            heads(name, json.dumps({**PUSH, **odd}).encode(), headers)


def test_very_many_refs_only_say_that_something_moved() -> None:
    updates = [{"name": f"refs/heads/{n}", "newObjectId": SHA} for n in range(MOST_HEADS + 1)]
    body = json.dumps({**AZURE, "resource": {"refUpdates": updates}}).encode()
    assert heads("azure", body, {}) == {"": None}


def test_a_body_may_be_as_large_as_githubs() -> None:
    assert MAX_BODY >= 25 * 1024 * 1024
