"""Rollback that sticks, forward and back, in both modes."""

from __future__ import annotations

from typing import Any

import pytest

from app.domain.errors import NothingToRollBackTo, RevisionNotFound
from app.domain.operation import Operation, Outcome, Phase, StageName, Trigger
from app.domain.state.plan import Action
from app.domain.status import Health, SyncStatus
from app.services.environments.previews import shown
from app.services.environments.rollback import RollbackWish
from app.wording.operation_words import deed
from tests.support.installation import ME, Installation


def two_revisions(here: Installation, mode: str, **policy: Any) -> tuple[str, str]:
    """Deliver two revisions; returns both."""
    here.register(mode, **policy)
    here.deliver(mode)
    first = here.repo.sha("main")
    here.repo.commit({"deploy/index.html": "two\n", "deploy/new": "n"}, "second")
    here.deliver(mode)
    return str(first), str(here.repo.sha("main"))


def back(here: Installation, revision: str | None = None, strategy: str = "pin") -> Operation:
    here.use_cases.rollback.back("shop", RollbackWish(revision, strategy, "prices are wrong"), ME)
    return here.run()[0]


def test_the_preview_shows_the_plan_and_touches_nothing(here: Installation, mode: str) -> None:
    first, _ = two_revisions(here, mode)
    found = here.use_cases.rollback.preview("shop", None)
    assert found.revision.sha == first
    assert {(item.key, item.action) for item in found.plan.work} == {
        (b"index.html", Action.UPDATE),
        (b"new", Action.DELETE),
    }
    assert (here.servers / "shop" / "new").exists()


def test_the_preview_shows_what_is_overwritten_where_live_moved(here: Installation, mode: str) -> None:
    two_revisions(here, mode)
    live = here.servers / "shop"
    (live / "index.html").write_text("by hand\n")
    (live / "app.env").unlink()
    diffs = {one["path"]: one["diff"] for one in shown(here.use_cases.rollback.preview("shop", None))}
    assert diffs["index.html"].splitlines()[-2:] == ["-by hand", "+one"]
    assert diffs["app.env"].splitlines()[-1] == "+PASSWORD=*****"


def test_pin_goes_back_holds_and_marks(here: Installation, mode: str) -> None:
    first, second = two_revisions(here, mode)
    ended = back(here)
    assert (ended.outcome, ended.trigger) == (Outcome.ROLLED_BACK, Trigger.ROLLBACK)
    assert not {StageName.COMMITTED, StageName.VISIBLE} & {stage.name for stage in ended.stages}, (
        "it waited for no commit"
    )
    one = here.environment()
    assert (one.status.revision, one.status.sync) == (first, SyncStatus.SYNCED)
    assert (here.servers / "shop" / "index.html").read_text() == "one\n"
    assert one.hold is not None
    assert (one.hold.left_revision, one.hold.owner) == (second, str(ME))
    with here.store.read() as tx:
        assert tx.history.is_bad(one.id, second)
        newest, *_ = tx.history.page(one.id, 10, None).items
    assert (newest.revision, newest.outcome, newest.current) == (first, "rolled_back", True)


def test_the_left_revision_does_not_come_back_by_itself(here: Installation, mode: str) -> None:
    first, second = two_revisions(here, mode)
    back(here)
    assert here.poll() == []
    pushed = here.push(second)
    assert (pushed.phase, pushed.outcome) == (Phase.FAILED, Outcome.HELD)
    here.use_cases.holds.resume("shop", ME)
    here.run()
    assert here.environment().status.revision == first
    assert here.poll() == []


def test_a_newer_commit_ends_the_hold(here: Installation, mode: str) -> None:
    two_revisions(here, mode)
    back(here)
    here.repo.commit({"deploy/index.html": "three\n"}, "third")
    ended = here.deliver(mode)
    assert ended.outcome is Outcome.DEPLOYED
    assert here.environment().hold is None


def test_rolling_back_works_while_git_is_down(here: Installation, mode: str) -> None:
    first, _ = two_revisions(here, mode)
    here.repo.path.rename(here.folder / "away")
    assert here.use_cases.rollback.preview("shop", None).revision.sha == first
    assert back(here, first[:8]).outcome is Outcome.ROLLED_BACK


def test_revert_commits_to_git_and_delivers_that(here: Installation, mode: str) -> None:
    first, second = two_revisions(here, mode)
    ended = back(here, strategy="revert")
    tip = here.repo.sha("main")
    assert tip not in (first, second)
    assert (ended.revision, here.environment().status.revision) == (tip, tip)
    assert here.repo.tree("main", "deploy") == here.repo.tree(first, "deploy")
    assert here.repo.sha("main~1") == second
    assert here.environment().hold is None
    assert here.poll() == []


@pytest.mark.thorough
def test_going_forward_again_holds_nothing(here: Installation, mode: str) -> None:
    _, second = two_revisions(here, mode)
    back(here)
    ended = back(here, second)
    assert (ended.outcome, deed(ended).alone) == (Outcome.DEPLOYED, "Deployed"), "nothing was rolled back"
    one = here.environment()
    assert (one.status.revision, one.hold) == (second, None)
    with here.store.read() as tx:
        assert not tx.history.is_bad(one.id, second)
        assert tx.history.page(one.id, 1, None).items[0].outcome == "deployed"


def test_only_what_was_live_can_be_chosen(here: Installation, mode: str) -> None:
    here.register(mode)
    with pytest.raises(NothingToRollBackTo, match="Nothing was live in shop yet"):
        back(here)
    here.deliver(mode)
    with pytest.raises(NothingToRollBackTo, match="is the only revision that was ever live in shop"):
        back(here)
    with pytest.raises(RevisionNotFound):
        back(here, "f" * 40)


def test_it_is_said_where_no_other_revision_was_well(here: Installation, mode: str) -> None:
    check = {"kind": "command", "command": ["false"], "deadline_s": 0.1}
    two_revisions(here, mode, health_check=check)
    with pytest.raises(NothingToRollBackTo, match="1 other revision was live in shop, but none is good"):
        back(here)


@pytest.mark.thorough
def test_health_is_asked_on_the_way_back_too(here: Installation, mode: str) -> None:
    check = {"kind": "command", "command": ["test", "-e", "new"], "deadline_s": 1}
    first, _ = two_revisions(here, mode, health_check=check)
    ended = back(here, first)
    assert (ended.phase, here.environment().status.health) == (Phase.FAILED, Health.DEGRADED)


@pytest.mark.thorough
def test_bad_health_goes_back_by_itself_once(here: Installation, mode: str) -> None:
    check = {"kind": "command", "command": ["grep", "-q", "one", "index.html"], "deadline_s": 1}
    here.register(mode, health_check=check, auto_rollback=True)
    here.deliver(mode)
    first = here.repo.sha("main")
    bad = here.repo.commit({"deploy/index.html": "broken\n"})
    failed = here.deliver(mode)
    here.run()
    one = here.environment()
    assert failed.phase is Phase.FAILED
    assert (one.status.revision, one.status.health) == (first, Health.HEALTHY)
    assert one.hold is not None
    assert one.hold.left_revision == bad
    assert here.poll() == []


def test_an_expired_hold_lets_the_poll_go_on(here: Installation) -> None:
    here.register("pull")
    here.poll()
    from datetime import timedelta

    here.use_cases.holds.hold("shop", "party", here.clock.now() + timedelta(minutes=5), ME)
    here.repo.commit({"deploy/index.html": "two\n"})
    assert here.poll() == []
    assert here.decisions()[-1] == ("held", f"on hold by {ME}: party")
    here.clock.pass_(600)
    assert here.use_cases.holds.expire() == 1
    assert here.run()[0].outcome is Outcome.DEPLOYED
