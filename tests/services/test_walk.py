"""The walk, in both modes: what is delivered, what is found, what is written down."""

from __future__ import annotations

import os

import pytest

from app.domain.errors import TargetRefused
from app.domain.events import EventType
from app.domain.identity import SYSTEM
from app.domain.operation import Changes, OperationKind, Outcome, Phase, Request, StageName, Trigger
from app.domain.status import Divergence, Health, SyncStatus
from app.ports import OperationFilter
from app.wording.operation_words import undelivered_counts
from tests.support.installation import ME, Installation
from tests.support.repo import File, link, script, submodule


def test_the_first_delivery(here: Installation, mode: str) -> None:
    target = here.register(mode)
    ended = here.deliver(mode)
    assert (ended.phase, ended.outcome) == (Phase.SUCCEEDED, Outcome.DEPLOYED)
    assert ended.changes == Changes(created=2)
    assert (target / "index.html").read_text() == "one\n"
    assert not (target / "README").exists()
    status = here.environment().status
    assert (status.sync, status.health, status.divergence) == (SyncStatus.SYNCED, Health.HEALTHY, None)
    assert (status.revision, status.subject, status.files) == (here.repo.sha("main"), "first", 2)


def test_stages_are_complete_and_ordered(here: Installation, mode: str) -> None:
    here.register(mode)
    ended = here.deliver(mode)
    ends = [ended.stage(name) for name in StageName]
    assert None not in ends
    times = [stage.finished_at for stage in ends if stage and stage.finished_at]
    assert len(times) == len(StageName)
    assert times == sorted(times)


def test_a_new_revision_changes_only_what_changed(here: Installation, mode: str) -> None:
    target = here.register(mode)
    here.deliver(mode)
    before = (target / "app.env").stat()
    here.repo.commit(
        {"deploy/index.html": "two\n", "deploy/run": script("#!/bin/sh\n"), "deploy/l": link("index.html")}
    )
    ended = here.deliver(mode)
    assert ended.changes == Changes(created=2, updated=1, unchanged=1)
    assert os.readlink(target / "l") == "index.html"
    assert (target / "run").stat().st_mode & 0o777 == 0o755
    assert (target / "app.env").stat().st_ino == before.st_ino


def test_what_git_drops_is_pruned_and_what_was_never_ours_stays(here: Installation, mode: str) -> None:
    target = here.register(mode)
    here.deliver(mode)
    (target / "upload.jpg").write_text("a guest")
    here.repo.commit({"deploy/app.env": None})
    ended = here.deliver(mode)
    assert ended.changes.deleted == 1
    assert sorted(os.listdir(target)) == ["index.html", "upload.jpg"]


def test_without_prune_it_stays(here: Installation, mode: str) -> None:
    target = here.register(mode, prune=False)
    here.deliver(mode)
    here.repo.commit({"deploy/app.env": None})
    here.deliver(mode)
    assert (target / "app.env").exists()
    assert here.environment().status.sync is SyncStatus.SYNCED


def test_the_same_commit_twice_is_a_recorded_no_op(here: Installation, mode: str) -> None:
    here.register(mode)
    first = here.deliver(mode)
    again = here.push(first.revision)
    assert (again.phase, again.outcome) == (Phase.SUCCEEDED, Outcome.NO_OP)
    assert not again.changes.any
    assert len([one for one in here.events(EventType.OPERATION_FINISHED) if one.operation == again.id]) == 1


def test_a_commit_beside_the_path_moves_the_revision_and_nothing_else(here: Installation, mode: str) -> None:
    here.register(mode)
    here.deliver(mode)
    here.repo.commit({"docs/x": "y"})
    ended = here.deliver(mode)
    assert ended.outcome is Outcome.FILTERED
    assert here.environment().status.revision == here.repo.sha("main")
    assert here.environment().status.sync is SyncStatus.SYNCED


@pytest.mark.parametrize("empty", [{"deploy/index.html": None, "deploy/app.env": None}])
def test_an_emptied_desired_state_is_refused(here: Installation, mode: str, empty: dict[str | bytes, None]) -> None:
    target = here.register(mode)
    here.deliver(mode)
    here.repo.commit(empty)
    ended = here.deliver(mode)
    assert (ended.phase, ended.outcome) == (Phase.FAILED, Outcome.REFUSED)
    assert "allow_empty" in ended.reason
    assert (target / "index.html").exists()


def test_an_emptied_desired_state_prunes_where_that_is_allowed(here: Installation, mode: str) -> None:
    target = here.register(mode, allow_empty=True)
    here.deliver(mode)
    here.repo.commit({"deploy/index.html": None, "deploy/app.env": None})
    assert here.deliver(mode).changes.deleted == 2
    assert os.listdir(target) == []


def test_drift_of_every_kind_is_found_shown_and_healed(here: Installation, mode: str) -> None:
    here.repo.commit({"deploy/gone": "x", "deploy/mode": "m", "deploy/pruned": "p"})
    target = here.register(mode)
    here.deliver(mode)
    here.repo.commit({"deploy/pruned": None})
    here.deliver(mode)
    (target / "app.env").write_text("PASSWORD=letmein\n")
    (target / "gone").unlink()
    (target / "mode").chmod(0o600)
    (target / "pruned").write_text("back again")
    (target / "guest").write_text("not ours")
    ended = here.refresh()
    assert ended.outcome is Outcome.OUT_OF_SYNC
    report = here.report()
    found = {item["path"]: item["change"] for item in report["items"]}
    assert found == {"app.env": "changed", "gone": "missing", "mode": "mode", "pruned": "extra"}
    assert report["unmanaged"] == ["guest"]
    shown = next(item["diff"] for item in report["items"] if item["path"] == "app.env")
    assert "PASSWORD" in shown
    assert not any(secret in shown for secret in ("hunter2", "letmein"))
    assert here.environment().status.divergence is Divergence.DRIFT
    here.use_cases.drift.heal("shop", ME)
    assert here.run()[0].outcome is Outcome.HEALED
    assert (target / "app.env").read_text() == "PASSWORD=hunter2\n"
    assert (target / "mode").stat().st_mode & 0o777 == 0o644
    assert sorted(os.listdir(target)) == ["app.env", "gone", "guest", "index.html", "mode"]
    assert here.refresh().outcome is Outcome.COMPARED


def test_a_drift_episode_has_an_onset_bound_a_detection_and_an_end(here: Installation, mode: str) -> None:
    target = here.register(mode)
    here.deliver(mode)
    here.refresh()
    good = here.environment().status.checked_at
    (target / "index.html").write_text("hacked")
    here.clock.pass_(100)
    here.refresh()
    with here.store.read() as tx:
        episode = tx.episodes.current(here.environment().id)
    assert episode is not None
    assert episode.last_good_at == good
    assert episode.detected_at > here.clock.at - here.environment().verdict_lifetime()
    (target / "index.html").write_text("one\n")
    here.refresh()
    with here.store.read() as tx:
        (ended,) = tx.episodes.page(None, 10, None).items
    assert (ended.ending, ended.ended_by) == ("healed", "outside")
    assert here.environment().status.drift_episode is None


def test_a_partial_look_is_no_full_comparison_and_a_refresh_follows(here: Installation, mode: str) -> None:
    target = here.register(mode)
    here.deliver(mode)
    here.refresh()
    checked = here.environment().status.checked_at
    (target / "app.env").write_text("drift beside the change")
    here.repo.commit({"deploy/index.html": "two\n"})
    here.deliver(mode)
    assert here.environment().status.checked_at == checked
    with here.store.read() as tx:
        due = tx.environments.due_for_refresh(here.clock.now(), 10)
    assert [one.name for one in due] == ["shop"]
    here.refresh(trigger=Trigger.SCHEDULE)
    assert here.environment().status.divergence is Divergence.DRIFT


def test_a_scheduled_look_without_news_leaves_no_row(here: Installation, mode: str) -> None:
    here.register(mode)
    here.deliver(mode)
    here.refresh()
    before, checked = here.events(), here.environment().status.checked_at
    quiet = here.refresh(trigger=Trigger.SCHEDULE)
    assert here.events() == before
    assert here.environment().status.checked_at != checked
    with here.store.read() as tx:
        assert quiet.id not in [one.id for one in tx.operations.page(_all(), 100, None).items]


def _all() -> OperationFilter:
    return OperationFilter()


def test_a_stale_verdict_reads_unknown(here: Installation, mode: str) -> None:
    here.register(mode)
    here.deliver(mode)
    one = here.environment()
    assert one.status.sync_at(here.clock.now()) is SyncStatus.SYNCED
    here.clock.pass_(one.verdict_lifetime().total_seconds() + 1)
    assert one.status.sync_at(here.clock.now()) is SyncStatus.UNKNOWN


def test_hooks_run_around_the_change_with_what_they_need(here: Installation, mode: str) -> None:
    told = here.folder / "told"
    tell = ["sh", "-c", f'echo "$0 $PUSHPULL_ENVIRONMENT ${{PUSHPULL_REVISION}}" >> {told}; ls >> {told}']
    hooks = [{"when": "pre", "command": [*tell, "before"]}, {"when": "post", "command": [*tell, "after"]}]
    here.register(mode, hooks=hooks)
    ended = here.deliver(mode)
    assert told.read_text().splitlines()[-3:] == [f"after shop {ended.revision}", "app.env", "index.html"]


def test_a_failing_pre_hook_leaves_the_target_alone(here: Installation, mode: str) -> None:
    target = here.register(mode, hooks=[{"when": "pre", "command": ["false"]}])
    ended = here.deliver(mode)
    assert (ended.phase, here.environment().status.revision) == (Phase.FAILED, None)
    assert "not touched" in ended.reason
    assert not (target / "index.html").exists()


def test_attempts_of_a_health_check_are_told_as_they_fail(here: Installation, mode: str) -> None:
    tries, wanted = here.folder / "tries", 40
    script = 'echo >> "$0"; n=$(wc -l < "$0"); [ $n -gt 2 ] || { echo "refused $n"; exit 1; }; [ $n -ge 40 ] || exit 7'
    check = {"kind": "command", "command": ["sh", "-c", script, str(tries)], "deadline_s": 600, "interval_s": 1}
    here.register(mode, health_check=check)
    ended = here.deliver(mode)
    assert (ended.phase, len(tries.read_text())) == (Phase.SUCCEEDED, wanted)
    with here.store.read() as tx:
        lines = [one.reason for one in tx.ledger.page(operation=ended.id, types=[EventType.OPERATION_LOG])]
    attempts = [line for line in lines if line.startswith("attempt")]
    assert attempts[:3] == [
        "attempt 1: `sh` ended with 1: refused 1",
        "attempt 2: `sh` ended with 1: refused 2",
        "attempt 3: `sh` ended with 7",
    ]
    assert 3 < len(attempts) < wanted / 3, "the same again is told now and then"
    assert lines[-1].startswith("health: Healthy")


def test_live_but_not_healthy_is_a_failure(here: Installation, mode: str) -> None:
    here.register(mode, health_check={"kind": "command", "command": ["false"], "deadline_s": 3})
    ended = here.deliver(mode)
    assert (ended.phase, ended.outcome) == (Phase.FAILED, Outcome.FAILED)
    status = here.environment().status
    assert (status.revision, status.health) == (ended.revision, Health.DEGRADED)
    assert here.clock.slept >= 2


def test_submodules_and_lfs_pointers_are_reported(here: Installation, mode: str) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 1\n"
    attributes = "* text=auto\n/docs export-ignore\n"
    here.repo.commit({
        "deploy/sub": submodule(), "deploy/big.bin": File(pointer.encode()), "deploy/.gitattributes": attributes,
        "deploy/lib/.gitattributes": "* text=auto\n# eol=crlf\n",
    })  # fmt: skip
    here.register(mode)
    ended = here.deliver(mode)
    assert ended.phase is Phase.SUCCEEDED
    told = {(one.path, one.kind) for one in ended.detail.unsupported}
    assert told == {("sub", "submodule"), ("big.bin", "lfs_pointer"), (".gitattributes", "gitattributes")}
    state = here.queries.state.read(SYSTEM, here.environment().name)
    assert {(one.path, one.kind) for one in state.undelivered} == told
    assert "1 submodule" in undelivered_counts([one.kind for one in state.undelivered])
    here.repo.commit({"deploy/sub": None, "deploy/big.bin": "whole", "deploy/.gitattributes": "* text=auto\n"})
    assert here.deliver(mode).phase is Phase.SUCCEEDED
    assert not here.queries.state.read(SYSTEM, here.environment().name).undelivered, "it follows what is live"


def test_a_filled_directory_in_the_way_is_refused_before_anything_changes(here: Installation, mode: str) -> None:
    target = here.register(mode)
    here.deliver(mode)
    (target / "new").mkdir()
    (target / "new" / "guest").write_text("x")
    here.repo.commit({"deploy/index.html": "two\n", "deploy/new": "a file"})
    ended = here.deliver(mode)
    assert (ended.phase, ended.outcome) == (Phase.FAILED, Outcome.REFUSED)
    assert "new/guest" in ended.reason
    assert (target / "index.html").read_text() == "one\n"


def test_a_refusal_is_no_error(here: Installation, mode: str) -> None:
    target = here.register(mode)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.symlink_to(here.folder)
    ended = here.deliver(mode)
    assert ended.phase is Phase.FAILED
    assert TargetRefused.__name__ not in ended.reason
    assert "link" in ended.reason


def test_a_stopped_operation_ends_and_the_next_one_repairs(here: Installation, mode: str) -> None:
    target = here.register(mode)
    asked = here.ask(Request(OperationKind.SYNC, Trigger.MANUAL, str(ME)))
    claimed = here.claim()
    assert claimed is not None
    here.use_cases.queue.terminate(asked.id, ME)
    ended = here.use_cases.reconciler.run(claimed, lambda: True)
    assert ended.phase is Phase.TERMINATED
    assert here.operation(asked.id).termination_by == str(ME)
    here.push(here.repo.sha("main"))
    assert (target / "index.html").read_text() == "one\n"


def test_a_push_of_the_branch_does_not_lie_while_git_is_down(here: Installation) -> None:
    here.register("push")
    here.push()
    here.repo.commit({"deploy/index.html": "two\n"})
    here.repo.path.rename(here.repo.path.with_suffix(".away"))
    ended = here.push()
    assert (ended.phase, ended.outcome) == (Phase.ERROR, Outcome.FAILED)
    assert here.environment().status.condition


@pytest.mark.parametrize("stop", ["hook", "emptied"])
def test_what_could_not_be_delivered_leaves_the_environment_out_of_sync(
    here: Installation, mode: str, stop: str
) -> None:
    here.register(mode)
    here.deliver(mode)
    if stop == "hook":
        hooks = [{"when": "pre", "command": ["false"]}]
        here.use_cases.registration.edit("shop", {"policy": {"hooks": hooks}}, ME)
        here.repo.commit({"deploy/index.html": "two\n"})
    else:
        here.repo.commit({"deploy/index.html": None, "deploy/app.env": None})
    ended = here.deliver(mode)
    assert ended.phase is Phase.FAILED
    status = here.environment().status
    assert (status.sync, status.divergence) == (SyncStatus.OUT_OF_SYNC, Divergence.NEW_REVISION)
