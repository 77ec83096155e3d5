"""Heal, self-heal, ignore, write back."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.domain.environment import Hold
from app.domain.errors import InvalidInput, NothingToWriteBack
from app.domain.events import EventType, about
from app.domain.events.operation_events import Decision
from app.domain.operation import Outcome, Trigger
from app.domain.status import Health, SyncStatus
from app.services.environments.write_back import WriteBackWish
from tests.support.installation import ME, Installation


def drifting(here: Installation, mode: str, **policy: Any) -> Path:
    target = here.register(mode, **policy)
    here.deliver(mode)
    (target / "index.html").write_text("edited on the server\n")
    return target


def test_self_heal_repairs_what_a_refresh_finds(here: Installation, mode: str) -> None:
    target = drifting(here, mode, self_heal=True)
    here.refresh(trigger=Trigger.SCHEDULE)
    with here.store.read() as tx:
        healed = tx.operations.last_finished(here.environment().id, "sync")
    assert healed is not None
    assert (healed.trigger, healed.outcome) == (Trigger.SELF_HEAL, Outcome.HEALED)
    assert (target / "index.html").read_text() == "one\n"
    assert here.environment().status.sync is SyncStatus.SYNCED


@pytest.mark.thorough
def test_self_heal_gives_up_where_somebody_keeps_undoing_it(here: Installation, mode: str) -> None:
    target = drifting(here, mode, self_heal=True)
    for _ in range(12):
        (target / "index.html").write_text("again\n")
        here.refresh()
    assert (target / "index.html").read_text() == "again\n"
    assert any("came back 10 times" in reason for _, reason in here.decisions())
    here.clock.pass_(1)
    here.deliver(mode, here.repo.commit({"deploy/index.html": "two\n"}))
    assert (target / "index.html").read_text() == "two\n"
    here.clock.pass_(1)
    (target / "index.html").write_text("again\n")
    here.refresh()
    assert (target / "index.html").read_text() == "two\n", "another revision is another chance"


def test_a_hold_stops_self_heal(here: Installation, mode: str) -> None:
    target = drifting(here, mode, self_heal=True)
    here.use_cases.holds.hold("shop", "looking into it", None, ME)
    here.refresh()
    assert (target / "index.html").read_text() == "edited on the server\n"
    assert here.environment().status.sync is SyncStatus.OUT_OF_SYNC


def test_a_hold_is_named_once_as_the_reason_not_to_heal_until_it_changes(here: Installation, mode: str) -> None:
    target = drifting(here, mode, self_heal=True)

    def told() -> list[tuple[Any, Any]]:
        here.refresh()
        return [(one.data.get("cause"), one.data.get("held_by")) for one in here.events(EventType.DECISION)]

    before = told()
    here.use_cases.holds.hold("shop", "looking into it", None, ME)
    (target / "index.html").write_text("again\n")
    once = [*before, ("on_hold", str(ME))]
    assert told() == once
    assert told() == once
    with here.store.write() as tx:  # the hold of another one, as an agent gets it: without an event of its own
        tx.environments.set_hold(here.environment().id, Hold("user:ann", "mine", here.clock.now()))
    assert told() == [*once, ("on_hold", "user:ann")]


def test_a_refusal_of_an_earlier_version_is_not_written_again(here: Installation, mode: str) -> None:
    drifting(here, mode, self_heal=True)
    here.use_cases.holds.hold("shop", "looking into it", None, ME)
    here.refresh()
    environment = here.environment()
    older = Decision("held", mode, "self_heal", why=f"drift is not healed: on hold by {ME}")
    with here.store.write() as tx:
        tx.ledger.append(here.clock.now(), [about(environment, older)])
    known = here.decisions()
    here.refresh()
    assert here.decisions() == known


def test_ignored_drift_is_listed_and_makes_nothing_out_of_sync(here: Installation, mode: str) -> None:
    drifting(here, mode)
    here.refresh()
    here.use_cases.drift.ignore("shop", ["*.html"], "edited by marketing", here.clock.now() + timedelta(hours=1), ME)
    here.run()
    assert here.environment().status.sync is SyncStatus.SYNCED
    assert here.report()["ignored"] == ["index.html"]
    with here.store.read() as tx:
        (episode,) = tx.episodes.page(None, 9, None).items
    assert episode.ending == "ignored"
    here.clock.pass_(3601)
    here.refresh()
    assert here.environment().status.sync is SyncStatus.OUT_OF_SYNC


def test_git_wins_over_an_ignore_rule_and_it_is_told_what_was_overwritten(here: Installation, mode: str) -> None:
    target = drifting(here, mode)
    here.use_cases.drift.ignore("shop", ["index.html"], "edited by marketing", None, ME)
    here.run()
    here.repo.commit({"deploy/index.html": "from Git\n"})
    here.clock.pass_(1)
    ended = here.deliver(mode)
    assert (target / "index.html").read_text() == "from Git\n"
    told = [one.reason for one in here.events(EventType.OPERATION_LOG) if one.operation == ended.id]
    assert any("ignore rule accepts" in line and "index.html" in line for line in told)
    with here.store.read() as tx:
        newest, *_ = tx.episodes.page(None, 9, None).items
        kept = tx.episodes.kept(newest.id)
    assert newest.ending == "superseded"
    assert kept is not None
    assert "+edited on the server" in (kept.items[0].item.diff or "")


def test_a_rule_can_be_taken_back(here: Installation, mode: str) -> None:
    drifting(here, mode)
    here.use_cases.drift.ignore("shop", ["index.html"], "ours", None, ME)
    here.run()
    here.use_cases.drift.stop_ignoring("shop", "index.html", ME)
    here.run()
    assert here.environment().status.drift_count == 1
    with pytest.raises(InvalidInput):
        here.use_cases.drift.stop_ignoring("shop", "index.html", ME)


def test_writing_back_commits_what_is_live_and_ends_the_episode(here: Installation, mode: str) -> None:
    target = drifting(here, mode)
    (target / "app.env").unlink()
    here.refresh()
    done = here.use_cases.drift.write_back("shop", WriteBackWish(message="as edited"), ME)
    commit = done.revision
    assert done.operation is not None
    before = (target / "index.html").stat().st_mtime_ns
    here.run()
    assert here.repo.sha("main") == commit.sha
    assert here.repo.git("show", "main:deploy/index.html") == "edited on the server"
    assert set(here.repo.files(here.repo.tree("main", "deploy"))) == {b"index.html"}
    assert (target / "index.html").stat().st_mtime_ns == before
    status = here.environment().status
    assert (status.revision, status.sync, status.drift_episode) == (commit.sha, SyncStatus.SYNCED, None)
    with here.store.read() as tx:
        (episode,) = tx.episodes.page(None, 9, None).items
    assert (episode.ending, episode.ended_by) == ("adopted", str(ME))


def test_writing_back_some_paths_onto_another_branch_proposes_them(here: Installation, mode: str) -> None:
    target = drifting(here, mode)
    (target / "app.env").write_text("also edited\n")
    here.refresh()
    done = here.use_cases.drift.write_back("shop", WriteBackWish(["index.html"], "proposal"), ME)
    assert done.operation is None
    assert here.repo.sha("proposal") == done.revision.sha
    assert here.repo.git("show", "proposal:deploy/app.env") == "PASSWORD=hunter2"
    assert here.environment().status.drift_count == 2


def test_there_must_be_something_to_write_back(here: Installation, mode: str) -> None:
    here.register(mode)
    here.deliver(mode)
    with pytest.raises(NothingToWriteBack):
        here.use_cases.drift.write_back("shop", WriteBackWish(), ME)


def test_somebody_knows(here: Installation, mode: str) -> None:
    drifting(here, mode)
    here.refresh()
    here.use_cases.drift.acknowledge("shop", ME)
    with here.store.read() as tx:
        episode = tx.episodes.current(here.environment().id)
    assert episode is not None
    assert episode.acknowledged_by == str(ME)


@pytest.mark.parametrize(
    ("path", "reason", "field"),
    [("../x", "why", "path"), ("/etc", "why", "path"), (" ", "why", "path"), ("x", " ", "reason")],
)
def test_an_ignore_rule_needs_a_path_inside_and_a_reason(
    here: Installation, path: str, reason: str, field: str
) -> None:
    here.register("push")
    with pytest.raises(InvalidInput) as refused:
        here.use_cases.drift.ignore("shop", [path], reason, None, ME)
    assert list(refused.value.fields) == [field]
    assert here.environment().policy.ignore == ()


def test_an_environment_of_which_nothing_is_left_is_missing(here: Installation, mode: str) -> None:
    target = here.register(mode)
    here.deliver(mode)
    for path in target.iterdir():
        path.unlink()
    here.refresh()
    assert here.environment().status.health is Health.MISSING
    here.use_cases.drift.heal("shop", ME)
    here.run()
    assert here.environment().status.health is Health.HEALTHY
    (target / "index.html").unlink()
    here.refresh()
    assert here.environment().status.health is Health.HEALTHY
