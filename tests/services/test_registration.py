"""The registry."""

from __future__ import annotations

import pytest

from app.domain.errors import (
    CredentialInUse,
    EnvironmentExists,
    EnvironmentNotFound,
    InvalidInput,
    OperationInProgress,
    OperationNotFound,
)
from app.domain.operation import OperationKind, Pipeline, Request, Trigger
from app.domain.specification.environment_fields import as_dict
from app.domain.status import Health, SyncStatus
from tests.support.installation import ME, Installation
from tests.support.interleaving import Cut


def test_names_are_taken_once(here: Installation) -> None:
    here.register("push")
    with pytest.raises(EnvironmentExists):
        here.use_cases.registration.create(
            {**as_dict(here.environment()), "target": {"kind": "directory", "path": str(here.servers / "b")}}, ME
        )


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"target": {"path": "/etc"}}, "target.path"),
        ({"target": {"path": "../../etc"}}, "target.path"),
        ({"target": {"kind": "floppy"}}, "target.kind"),
        ({"target": {"path": "a" * 300}}, "target.path"),
        ({"target": {"path": "a/" * 2000}}, "target.path"),
        ({"target": {"colour": "red"}}, "target.colour"),
        ({"source": {"repo_url": "/etc"}}, "source.repo_url"),
        ({"source": {"repo_url": "ext::sh -c id"}}, "source.repo_url"),
        ({"source": {"repo_url": "--upload-pack=id"}}, "source.repo_url"),
        ({"source": {"credential": "nothing"}}, "source.credential"),
        ({"policy": {"interval_s": 0}}, "policy.interval_s"),
        ({"name": "other"}, "name"),
    ],
)
def test_an_edit_that_cannot_be_is_refused_by_field_and_changes_nothing(
    here: Installation, change: dict[str, object], field: str
) -> None:
    here.register("push")
    before = here.environment()
    with pytest.raises(InvalidInput) as problem:
        here.use_cases.registration.edit("shop", change, ME)
    assert field in problem.value.fields
    assert here.environment() == before


def test_an_edit_changes_what_it_names_and_tells_from_and_to(here: Installation) -> None:
    here.register("push")
    after = here.use_cases.registration.edit("shop", {"policy": {"self_heal": True}, "labels": {"team": "web"}}, ME)
    assert after.policy.self_heal
    assert after.version == 2
    with here.store.read() as tx:
        entry = tx.audit.head()
    assert entry is not None
    assert entry.action == "environment.edit"
    assert entry.data["policy"]["to"]["self_heal"] is True


def test_targets_do_not_overlap(here: Installation) -> None:
    target = here.register("push")
    for path in (target, target / "below", target.parent):
        with pytest.raises(InvalidInput) as problem:
            here.use_cases.registration.create(
                {
                    "name": "two",
                    "source": {"repo_url": here.repo.url},
                    "target": {"kind": "directory", "path": str(path)},
                },
                ME,
            )
        assert "target.path" in problem.value.fields


def test_forgetting_leaves_files_and_ledger(here: Installation, mode: str) -> None:
    target = here.register(mode)
    here.deliver(mode)
    number = len(here.events())
    here.use_cases.registration.remove("shop", ME)
    with pytest.raises(EnvironmentNotFound):
        here.environment()
    assert (target / "index.html").exists()
    assert len(here.events()) == number + 1


def test_a_new_environment_of_an_old_name_has_no_history(here: Installation) -> None:
    here.register("push")
    here.push()
    old = here.environment().id
    here.use_cases.registration.remove("shop", ME)
    here.register("push")
    new = here.environment()
    assert new.id != old
    with here.store.read() as tx:
        assert tx.history.page(new.id, 9, None).items == ()


def test_a_credential_that_is_used_stays(here: Installation) -> None:
    here.use_cases.keyring.add("git", "token", {"token": "t"}, ME)
    here.register("push")
    here.use_cases.registration.edit(
        "shop", {"source": {"repo_url": "https://git.example.org/x.git", "credential": "git"}}, ME
    )
    with pytest.raises(CredentialInUse):
        here.use_cases.keyring.remove("git", ME)


def test_a_repository_can_be_looked_at_before_it_is_saved(here: Installation) -> None:
    found = here.use_cases.registration.probe({"repo_url": here.repo.url, "path": "deploy"})
    assert (found.branches, found.files) == (("main",), 2)


def test_a_change_of_mode_brings_its_automation_unless_that_was_chosen(here: Installation) -> None:
    here.register("push")
    edit = here.use_cases.registration.edit
    assert edit("shop", {"mode": "pull"}, ME).policy.auto_sync
    assert not edit("shop", {"mode": "push"}, ME).policy.auto_sync
    edit("shop", {"policy": {"auto_sync": True}}, ME)
    assert edit("shop", {"mode": "pull"}, ME).policy.auto_sync
    edit("shop", {"policy": {"auto_sync": False}}, ME)
    assert not edit("shop", {"mode": "push"}, ME).policy.auto_sync


def test_deleting_stops_a_refresh_and_refuses_during_a_sync(here: Installation) -> None:
    here.register("push")
    here.ask(Request(OperationKind.REFRESH, Trigger.MANUAL, str(ME)))
    looking = here.claim()
    assert looking is not None
    slept = here.clock.sleep

    def end_it(seconds: float) -> None:
        with here.store.read() as tx:
            told = tx.operations.get(looking.id).termination_by
        assert told == str(ME)
        here.use_cases.reconciler.run(looking, lambda: True)
        slept(seconds)

    here.clock.sleep = end_it  # type: ignore[method-assign]
    here.use_cases.registration.remove("shop", ME)
    here.register("push", "other")
    here.ask(Request(OperationKind.SYNC, Trigger.MANUAL, str(ME)), "other")
    assert here.claim() is not None
    with pytest.raises(OperationInProgress):
        here.use_cases.registration.remove("other", ME)


def test_a_refresh_that_ends_without_a_trace_is_no_obstacle_to_deleting(here: Installation) -> None:
    here.register("push")
    here.push()
    here.refresh(trigger=Trigger.SCHEDULE)
    here.ask(Request(OperationKind.REFRESH, Trigger.SCHEDULE, "system:schedule"))
    looking = here.claim()
    assert looking is not None
    with Cut(here, lambda: here.use_cases.reconciler.run(looking, lambda: True), 1)():
        here.use_cases.registration.remove("shop", ME)
    with pytest.raises(OperationNotFound):
        here.operation(looking.id)
    with pytest.raises(EnvironmentNotFound):
        here.environment()


@pytest.mark.parametrize("key", ["notakey", "-----BEGIN OPENSSH PRIVATE KEY-----\nabc", "ssh-ed25519 AAAA kim@here"])
def test_what_is_no_private_key_is_not_stored_as_one(here: Installation, key: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        here.use_cases.keyring.add("deploy", "ssh-key", {"private_key": key}, ME)
    assert list(refused.value.fields) == ["private_key"]
    assert key not in refused.value.detail


def test_secrets_in_what_a_pipeline_tells_of_itself_are_not_kept(here: Installation) -> None:
    here.register("push")
    run = Pipeline("https://bot:hunter2hunter2@ci.example/run/7?token=abcdef123456", "7")
    asked = here.ask(
        Request(OperationKind.SYNC, Trigger.PIPELINE, str(ME), pipeline=run, reason="password=hunter2hunter2")
    )
    told = str(here.operation(asked.id).request)
    assert "ci.example/run/7" in told
    assert "hunter2" not in told
    assert "abcdef" not in told


def test_everything_wrong_is_named_at_once(here: Installation) -> None:
    values = {
        "name": "a b",
        "source": {"repo_url": "/etc"},
        "target": {"kind": "directory", "path": "/etc/x"},
        "policy": {"interval_s": 0},
    }
    with pytest.raises(InvalidInput) as refused:
        here.use_cases.registration.create(values, ME)
    assert set(refused.value.fields) == {"name", "source.repo_url", "target.path", "policy.interval_s"}


def test_at_another_target_nothing_is_live_yet(here: Installation, mode: str) -> None:
    target = here.register(mode)
    here.deliver(mode)
    (target / "index.html").write_text("drifted")
    here.refresh()
    elsewhere = here.servers / "elsewhere"
    here.use_cases.registration.edit("shop", {"target": {"path": str(elsewhere)}}, ME)
    status = here.environment().status
    assert (status.revision, status.sync, status.health, status.drift_count) == (
        None, SyncStatus.UNKNOWN, Health.UNKNOWN, 0,
    )  # fmt: skip
    with here.store.read() as tx:
        assert tx.episodes.current(here.environment().id) is None
    here.deliver(mode)
    assert (elsewhere / "index.html").read_text() == "one\n"
    assert (target / "index.html").read_text() == "drifted"
