"""Each system's documents: those that it documents are understood, others are refused by the name of what is wrong."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.errors import InvalidInput, PayloadTooLarge, SignatureMismatch
from app.domain.external import SYSTEMS, Told, understood
from app.domain.webhook import ReceivedBody, authenticate
from tests.support.tellings import NOON, SECRET, SHA, TELLINGS, Sending, Telling

JSON_VALUES = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=9), lambda below: (
    st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=9), below, max_size=3)
))  # fmt: skip


@pytest.fixture(params=TELLINGS, ids=lambda one: one.system)
def telling(request: pytest.FixtureRequest) -> Telling:
    one: Telling = request.param
    return one


def read(telling: Telling, sending: Sending) -> tuple[Told, ...]:
    return understood(SYSTEMS[telling.system], sending.received(), sending.headers)[1]


def test_every_system_has_a_sample() -> None:
    assert [one.system for one in TELLINGS] == list(SYSTEMS)


def test_a_step_is_read_as_it_is_documented(telling: Telling) -> None:
    for step in telling.steps:
        (one,) = read(telling, telling.sending(step))
        assert (one.step, one.revision) == (step, SHA)
        assert telling.name in (one.of, one.of.rpartition("/")[2])
        assert (one.at - NOON).total_seconds() == (0 if step == "started" else 30)


def test_a_proof_covers_every_byte_and_is_the_systems_own(telling: Telling) -> None:
    system, sending = SYSTEMS[telling.system], telling.sending("succeeded")
    authenticate(system, SECRET, sending.received(), sending.proven(system.name))
    for headers in ({}, sending.proven(system.name, "another secret"), dict.fromkeys(sending.proven(system.name), "")):
        with pytest.raises(SignatureMismatch):
            authenticate(system, SECRET, sending.received(), headers)


@pytest.mark.parametrize("spoil", [b"{", b"[]", b'"x"', b"[" * 100_000, b"\xff"], ids=lambda body: repr(body[:3]))
def test_what_is_no_document_is_refused_by_name(telling: Telling, spoil: bytes) -> None:
    with pytest.raises(InvalidInput) as refused:
        read(telling, Sending(spoil, telling.sending("succeeded").headers))
    assert list(refused.value.fields) == ["body"]


@pytest.mark.parametrize("value", [None, 7, "", "x" * 300, "a b", "\u0000", {"a": 1}], ids=repr)
def test_a_revision_that_is_none_is_named(telling: Telling, value: Any) -> None:
    with pytest.raises(InvalidInput) as refused:
        read(telling, telling.without(telling.revision_at, telling.sending("succeeded"), value))
    assert telling.revision_at in refused.value.fields


@pytest.mark.parametrize("value", [None, 7, "yesterday", "0001-01-01T00:00:00Z", "2026-13-01T00:00:00Z"], ids=repr)
def test_a_time_that_is_none_is_named(telling: Telling, value: Any) -> None:
    with pytest.raises(InvalidInput) as refused:
        read(telling, telling.without(telling.time_at, telling.sending("succeeded"), value))
    assert telling.time_at in refused.value.fields


def test_what_is_huge_is_refused(telling: Telling) -> None:
    sending = telling.sending("succeeded")
    with pytest.raises(PayloadTooLarge):
        read(telling, Sending({**sending.document, "more": "x" * 1_100_000}, sending.headers))


def test_fields_that_nobody_knows_are_no_mistake(telling: Telling) -> None:
    sending = telling.sending("succeeded")
    newer = Sending({**sending.document, "newer": {"a": [1, None]}}, sending.headers)
    assert read(telling, newer) == read(telling, sending)


@settings(max_examples=30)
@given(document=st.dictionaries(st.text(max_size=9), JSON_VALUES, max_size=4), data=st.data())
def test_no_document_at_all_breaks_the_reading(document: dict[str, Any], data: st.DataObject) -> None:
    telling = data.draw(st.sampled_from(TELLINGS))
    sending = telling.sending("succeeded")
    place = data.draw(st.sampled_from([*sending.document, "x"]))
    for one in (document, {**sending.document, place: document}, {**sending.document, place: data.draw(JSON_VALUES)}):
        with suppress(InvalidInput):
            read(telling, Sending(one, sending.headers))


def test_an_event_without_a_delivery_tells_nothing() -> None:
    assert read(TELLINGS[0], TELLINGS[0].sending("succeeded")) != ()
    assert understood(SYSTEMS["json"], ReceivedBody.of(TELLINGS[0].sending("failed").body), {})[0] == "failed"
