"""Each system's documents: those that it documents are understood, others are refused by the name of what is wrong."""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.errors import InvalidInput, PayloadTooLarge, SignatureMismatch
from app.domain.external import SYSTEMS, Standing, Told, understood
from app.domain.status import Divergence, Health, SyncStatus
from app.domain.webhook import authenticate
from tests.support.tellings import BY_NAME, NOON, SECRET, SHA, TELLINGS, Asked, Sending, Telling, cdevent

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
        one, *_ = read(telling, telling.sending(step))
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


# --- what only one system does ---
def told(system: str, document: Any, headers: dict[str, str] | None = None) -> tuple[Told, ...]:
    return read(BY_NAME[system], Sending(document, headers or {}))


def sample(system: str, step: str = "succeeded") -> dict[str, Any]:
    document: dict[str, Any] = json.loads(BY_NAME[system].sending(step).body)
    return document


def test_argo_cd_tells_how_an_application_stands() -> None:
    document = sample("argocd")
    status = document["app"]["status"]
    status["sync"] = {"status": "OutOfSync", "revision": SHA}
    status["health"] = {"status": "Healthy", "lastTransitionTime": "2026-11-23T12:00:40Z"}
    run, stands = told("argocd", document)
    assert run.healthy_at == NOON + timedelta(seconds=40)
    assert stands.standing == Standing(SyncStatus.OUT_OF_SYNC, Health.HEALTHY, Divergence.DRIFT)
    status["sync"]["revision"] = "c" * 40
    assert told("argocd", document)[1].standing == Standing(
        SyncStatus.OUT_OF_SYNC, Health.HEALTHY, Divergence.NEW_REVISION
    )
    del status["operationState"]
    (stands,) = told("argocd", document)
    assert (stands.step, stands.at) == (None, NOON + timedelta(seconds=30))


def test_argo_cd_names_the_revision_of_several_sources_or_of_what_was_asked() -> None:
    document = sample("argocd", "failed")
    run = document["app"]["status"]["operationState"]
    run["syncResult"] = {"revisions": [SHA, "d" * 40]}
    assert told("argocd", document)[0].revision == SHA
    run["syncResult"] = None
    run["operation"]["sync"] = {"revision": SHA}
    assert told("argocd", document)[0].revision == SHA


@pytest.mark.parametrize(
    ("metadata", "revision"),
    [
        ({"revision": f"main@sha1:{SHA}"}, SHA),
        ({"kustomize.toolkit.fluxcd.io/revision": f"main/{SHA}"}, SHA),
        ({"revision": "sha256:" + "e" * 64, "originRevision": f"main@sha1:{SHA}"}, SHA),
        ({"revision": "latest@sha256:" + "e" * 64}, "e" * 64),
        ({"revision": "6.5.4+2"}, "6.5.4+2"),
    ],
)
def test_flux_writes_revisions_in_several_ways(metadata: dict[str, str], revision: str) -> None:
    (one,) = told("flux", {**sample("flux"), "metadata": metadata})
    assert one.revision == revision


def test_what_tells_no_delivery_tells_nothing() -> None:
    flux = sample("flux")
    assert told("flux", {**flux, "reason": "Progressing"}) == ()
    assert told("flux", {**flux, "involvedObject": {**flux["involvedObject"], "kind": "GitRepository"}}) == ()
    github = sample("github")
    event = {"x-github-event": "deployment_status"}
    for state in ("inactive", "queued", "pending"):
        assert (
            told("github", {**github, "deployment_status": {**github["deployment_status"], "state": state}}, event)
            == ()
        )
    assert told("github", {"zen": "x"}, {"x-github-event": "ping"}) == ()
    for more in ({"status": "blocked"}, {"object_kind": "pipeline"}):
        assert told("gitlab", {**sample("gitlab"), **more}) == ()
    bare = cdevent(Asked("succeeded"))
    assert told("cdevents", {**bare, "context": {**bare["context"], "type": "dev.cdevents.build.finished.0.2.0"}}) == ()


def test_a_deployment_on_github_begins_with_its_request() -> None:
    (one,) = told("github", {"deployment": sample("github")["deployment"]}, {"x-github-event": "deployment"})
    assert (one.step, one.at, one.id) == ("started", NOON, "41")


def test_gitlab_names_the_whole_commit_only_where_it_is_the_same() -> None:
    other = {**sample("gitlab"), "commit_url": f"https://gitlab.example.org/shop/-/commit/{'c' * 40}"}
    assert told("gitlab", other)[0].revision == SHA[:8]


def test_a_cloudevent_may_be_binary_or_left_out() -> None:
    binary = cdevent(Asked("succeeded"))
    headers = {"ce-specversion": "1.0", "ce-id": "41", "ce-type": binary["context"]["type"]}
    event, one, id = understood(SYSTEMS["cdevents"], Sending(binary).received(), headers)
    assert (event, one, id) == (headers["ce-type"], told("cdevents", sample("cdevents")), "41")
    digest = {**binary["subject"]["content"], "artifactId": f"pkg:oci/shop@sha256%3A{'e' * 64}?tag=1"}
    binary["subject"]["content"] = digest
    assert told("cdevents", binary)[0].revision == "e" * 64


def test_kamals_hooks_post_what_is_understood(tmp_path: Path) -> None:
    """The script that the page shows runs in a shell, with a curl that writes down what it was told."""
    script, sent = tmp_path / "hook", tmp_path / "sent"
    script.write_text(SYSTEMS["kamal"].steps.replace("@URL@", "http://pushpull.invalid"))
    curl = tmp_path / "curl"
    curl.write_text(f'#!/bin/sh\nwhile [ "$1" != -d ]; do shift; done\nprintf %s "$2" >{sent}\n')
    curl.chmod(0o755)
    given = {"KAMAL_VERSION": f"{SHA}_uncommitted_0123456789abcdef", "KAMAL_RECORDED_AT": "2026-11-23T12:00:30Z",
             "KAMAL_PERFORMER": "ana", "KAMAL_DESTINATION": "production", "PUSHPULL_SECRET": SECRET,
             "PATH": f"{tmp_path}:{os.environ['PATH']}"}  # fmt: skip
    found: list[Told] = []
    for more in ({}, {"KAMAL_RUNTIME": "30"}, {"KAMAL_RUNTIME": "30", "KAMAL_COMMAND": "rollback"}):
        subprocess.run(["/bin/sh", str(script)], env={**given, **more}, check=True)
        found += told("kamal", json.loads(sent.read_text()))
    assert [one.step for one in found] == ["started", "succeeded", "rolled_back"]
    assert {one.revision for one in found} == {SHA}
    assert found[1].started_at == NOON
