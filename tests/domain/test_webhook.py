"""Deliveries of every provider: authentic ones are understood, others are refused before anything is parsed."""

import hashlib
import hmac
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import InvalidInput, SignatureMismatch
from app.domain.webhook import PROVIDERS, authenticate, delivery_id, read

SECRET = "correct horse"
SHA = "a" * 40
PUSH = {"ref": "refs/heads/main", "after": SHA, "object_kind": "push"}
CLOUD = {"push": {"changes": [{"new": {"type": "branch", "name": "main", "target": {"hash": SHA}}, "old": None}]}}
SERVER = {"changes": [{"ref": {"id": "refs/heads/main"}, "type": "UPDATE", "toHash": SHA}]}


def signed(name: str, body: bytes) -> dict[str, str]:
    provider = PROVIDERS[name]
    if provider.plain_token:
        return {provider.signature: SECRET}
    return {provider.signature: provider.prefix + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()}


VALUES = st.recursive(st.none() | st.integers() | st.text(), st.lists)
BODIES = st.binary() | VALUES.map(lambda value: json.dumps(value).encode())
CASES = [
    ("github", PUSH, {"x-github-event": "push"}),
    ("gitlab", PUSH, {"x-gitlab-event": "Push Hook"}),
    ("gitea", PUSH, {"x-gitea-event": "push"}),
    ("bitbucket", CLOUD, {"x-event-key": "repo:push"}),
    ("bitbucket", SERVER, {"x-event-key": "repo:refs_changed"}),
    ("generic", {"ref": "refs/heads/main", "revision": SHA}, {}),
]


@pytest.mark.parametrize(("name", "payload", "headers"), CASES)
def test_a_push_is_understood(name: str, payload: Any, headers: dict[str, str]) -> None:
    body = json.dumps(payload).encode()
    authenticate(PROVIDERS[name], SECRET, body, signed(name, body))
    assert read(PROVIDERS[name], body, headers).heads == {"refs/heads/main": SHA}


@pytest.mark.parametrize("name", ["github", "gitea"])
def test_a_push_sent_as_a_form_is_understood(name: str) -> None:
    body = urlencode({"payload": json.dumps(PUSH)}).encode()
    headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8", **signed(name, body)}
    authenticate(PROVIDERS[name], SECRET, body, headers)
    assert read(PROVIDERS[name], body, headers).heads == {"refs/heads/main": SHA}
    with pytest.raises(InvalidInput):
        read(PROVIDERS[name], b"payload=" + b"%FF" * 9, headers)


@pytest.mark.parametrize(("name", "payload", "headers"), [case for case in CASES if case[0] != "bitbucket"])
def test_zeros_announce_a_deleted_ref(name: str, payload: Any, headers: dict[str, str]) -> None:
    gone = json.dumps(payload).replace(SHA, "0" * 40).encode()
    assert read(PROVIDERS[name], gone, headers).heads == {"refs/heads/main": None}


@pytest.mark.parametrize("name", PROVIDERS)
def test_another_secret_or_none_is_refused(name: str) -> None:
    body = b"{}"
    for headers in ({}, {PROVIDERS[name].signature: ""}, {PROVIDERS[name].signature: "sha256=" + "0" * 64}):
        with pytest.raises(SignatureMismatch):
            authenticate(PROVIDERS[name], SECRET, body, headers)


@pytest.mark.parametrize("name", [name for name, one in PROVIDERS.items() if not one.plain_token])
def test_the_signature_covers_every_byte_of_the_body(name: str) -> None:
    body = json.dumps(PUSH).encode()
    with pytest.raises(SignatureMismatch):
        authenticate(PROVIDERS[name], SECRET, body + b" ", signed(name, body))


def test_one_providers_signature_does_not_open_another() -> None:
    body = json.dumps(PUSH).encode()
    with pytest.raises(SignatureMismatch):
        authenticate(PROVIDERS["gitlab"], SECRET, body, signed("github", body))


def test_a_deleted_branch_announces_no_commit() -> None:
    body = json.dumps({"ref": "refs/heads/gone", "after": "0" * 40}).encode()
    assert read(PROVIDERS["github"], body, {"x-github-event": "push"}).heads == {"refs/heads/gone": None}


def test_other_events_announce_nothing() -> None:
    assert read(PROVIDERS["github"], b'{"zen": "x"}', {"x-github-event": "ping"}).heads == {}


def test_deliveries_without_an_id_are_known_by_their_body() -> None:
    one = delivery_id(PROVIDERS["github"], b"a", {})
    assert one == delivery_id(PROVIDERS["github"], b"a", {})
    assert one != delivery_id(PROVIDERS["github"], b"b", {})
    assert delivery_id(PROVIDERS["github"], b"a", {"x-github-delivery": "7"}) == "7"


@pytest.mark.parametrize("text", [r"\ud800", r"\u0000", r"\n"])
@pytest.mark.parametrize("field", ["ref", "after"])
def test_names_that_no_database_takes_are_refused_at_the_door(field: str, text: str) -> None:
    body = json.dumps({**PUSH, field: "TEXT"}).replace("TEXT", text).encode()
    with pytest.raises(InvalidInput):
        read(PROVIDERS["github"], body, {"x-github-event": "push"})


@pytest.mark.parametrize("name", PROVIDERS)
@given(body=BODIES)
def test_malformed_bodies_are_refused_in_words(name: str, body: bytes) -> None:
    headers = {"x-event-key": "repo:push"} if name == "bitbucket" else {}
    problem = None
    try:
        read(PROVIDERS[name], body, headers)
    except InvalidInput as refused:
        problem = refused
    assert problem is None or "body" in problem.fields
