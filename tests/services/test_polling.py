"""Polling: one look serves many; every look ends in a decision that somebody can read."""

from __future__ import annotations

import pytest

from app.domain.events import EventType
from app.domain.operation import OperationKind, Outcome, Phase, Trigger
from app.domain.status import CLEAR, ConditionKind, Divergence, SyncStatus
from app.services.environments.rollback import RollbackWish
from app.services.triggers.poll_decisions import PollDecisions, Sighting
from app.sources.git_source import GitSource
from tests.support.gitserver import GitServer
from tests.support.installation import ME, PIPELINE, Installation


def test_looks_without_news_extend_one_row(here: Installation) -> None:
    here.register("pull")
    for _ in range(5):
        here.poll()
    with here.store.read() as tx:
        newest, first = tx.repositories.polls(here.repo.url)
    assert (newest.result, newest.times) == ("unchanged", 4)
    assert first.result == "moved"


def test_commits_that_were_passed_over_are_on_record(here: Installation) -> None:
    here.register("pull")
    here.poll()
    passed = here.repo.commit({"deploy/index.html": "two\n"})
    newest = here.repo.commit({"deploy/index.html": "three\n"})
    (ended,) = here.poll()
    assert ended.revision == newest
    (event,) = here.events(EventType.DECISION)
    assert (event.data["outcome"], event.data["revision"], event.data["by"]) == ("superseded", passed, newest)


def test_a_forced_push_is_followed_and_recorded(here: Installation) -> None:
    target = here.register("pull")
    here.poll()
    here.repo.commit({"deploy/index.html": "other\n"}, onto=None)
    (ended,) = here.poll()
    assert ended.outcome is Outcome.DEPLOYED
    assert sorted(one.name for one in target.iterdir()) == ["index.html"]
    (moved,) = here.events(EventType.REF_MOVED)
    assert moved.data["forced"] is True


def test_a_push_notices_the_head_before_the_poll_does_and_once(here: Installation) -> None:
    target = here.register("push")
    here.push()
    sha = here.repo.commit({"deploy/index.html": "other\n"}, onto=None)
    ended = here.push(sha)
    assert ended.reason == "1 file updated, 1 file deleted"
    status = here.environment().status
    assert (status.noticed, status.noticed_at) == (sha, ended.created_at)
    assert status.live_since is not None
    assert status.live_since > ended.created_at
    here.poll()
    assert [one.data["revision"] for one in here.events(EventType.REVISION_NOTICED)][-1:] == [sha]
    assert len(here.events(EventType.REVISION_NOTICED)) == 2
    (moved,) = here.events(EventType.REF_MOVED)
    assert moved.data["forced"] is True
    assert sorted(one.name for one in target.iterdir()) == ["index.html"]


def test_a_refresh_notices_what_it_fetched(here: Installation, mode: str) -> None:
    here.register(mode, auto_sync=False)
    here.push()
    sha = here.repo.commit({"deploy/index.html": "two\n"})
    here.refresh()
    status = here.environment().status
    assert (status.sync, status.divergence, status.noticed) == (SyncStatus.OUT_OF_SYNC, Divergence.NEW_REVISION, sha)


def test_a_deleted_branch_changes_nothing_and_is_said_once(here: Installation, mode: str) -> None:
    target = here.register(mode)
    here.deliver(mode)
    here.repo.branch("other")
    here.repo.delete_branch("main")
    assert here.poll() == []
    assert here.poll() == []
    assert (target / "index.html").exists()
    assert len(here.events(EventType.REF_MOVED)) == 1
    assert "main" in here.environment().status.condition.text
    here.repo.commit({"deploy/index.html": "back\n"})
    here.deliver(mode)
    assert not here.environment().status.condition


def test_an_unreachable_repository_is_said_once_and_recovers(here: Installation) -> None:
    here.register("pull")
    here.poll()
    away = here.folder / "away"
    here.repo.path.rename(away)
    here.poll()
    here.poll()
    assert len(here.events(EventType.SOURCE_FAILED)) == 1
    assert here.environment().status.condition.about(ConditionKind.SOURCE)
    away.rename(here.repo.path)
    here.repo.commit({"deploy/index.html": "two\n"})
    (ended,) = here.poll()
    assert ended.outcome is Outcome.DEPLOYED
    assert len(here.events(EventType.SOURCE_RECOVERED)) == 1
    assert not here.environment().status.condition


def test_that_git_is_silent_stays_said_until_it_answers(here: Installation, mode: str) -> None:
    here.register(mode)
    here.deliver(mode)
    here.repo.commit({"deploy/index.html": "two\n"})
    here.deliver(mode)
    away = here.folder / "away"
    here.repo.path.rename(away)
    here.poll()
    said = here.environment().status.condition
    assert said.about(ConditionKind.SOURCE)
    here.refresh(trigger=Trigger.SCHEDULE)  # asks the target only
    here.use_cases.rollback.back("shop", RollbackWish(), ME)
    assert here.run()[0].outcome is Outcome.ROLLED_BACK
    here.refresh()  # asks Git too, in vain
    assert here.environment().status.condition == said
    away.rename(here.repo.path)
    here.refresh()
    assert not here.environment().status.condition


def test_a_gone_branch_stays_said_once_across_comparisons(here: Installation, mode: str) -> None:
    here.register(mode)
    here.deliver(mode)
    here.repo.branch("other")
    here.repo.delete_branch("main")
    for trigger in (Trigger.SCHEDULE, Trigger.MANUAL):
        here.poll()
        here.refresh(trigger=trigger)
    here.poll()
    assert "main" in here.environment().status.condition.text
    assert len(here.events(EventType.REF_MOVED)) == 1


def test_an_environment_over_a_silent_repository_says_so(here: Installation) -> None:
    here.register("pull")
    here.poll()
    here.repo.path.rename(here.folder / "away")
    here.poll()
    here.register("pull", "late")
    here.poll()
    assert here.environment("late").status.condition == here.environment().status.condition != CLEAR


def test_a_push_environment_watches_and_does_not_deliver(here: Installation) -> None:
    here.register("push")
    here.poll()
    here.push()
    here.repo.commit({"deploy/index.html": "two\n"})
    assert here.poll() == []
    status = here.environment().status
    assert (status.sync, status.divergence) == (SyncStatus.OUT_OF_SYNC, Divergence.NEW_REVISION)
    assert status.noticed == here.repo.sha("main")


def test_a_refused_revision_is_not_tried_again_but_the_next_is(here: Installation) -> None:
    here.register("pull", hooks=[{"when": "pre", "command": ["test", "-e", str(here.folder / "ready")]}])
    (failed,) = here.poll()
    assert failed.phase is Phase.FAILED
    assert here.poll() == []
    (here.folder / "ready").touch()
    here.repo.commit({"deploy/index.html": "two\n"})
    (ended,) = here.poll()
    assert ended.outcome is Outcome.DEPLOYED


@pytest.mark.parametrize("part", ["target", "source"])
def test_what_was_refused_is_tried_again_once_target_or_source_was_edited(here: Installation, part: str) -> None:
    here.register("pull", hooks=[{"when": "pre", "command": ["false"]}])
    (failed,) = here.poll()
    assert failed.phase is Phase.FAILED
    assert here.poll() == []
    change = {"target": {"path": str(here.servers / "free")}} if part == "target" else {"source": {"path": ""}}
    here.use_cases.registration.edit("shop", change, ME)
    tried = [one for one in (*here.poll(), *here.poll(), *here.poll()) if one.kind is OperationKind.SYNC]
    assert [one.revision for one in tried] == [failed.revision], "once, and not again"


@pytest.mark.thorough
def test_an_error_is_tried_again_at_growing_distances(here: Installation) -> None:
    target = here.register("pull")
    target.parent.mkdir(parents=True, exist_ok=True)
    lock = here.data / "inventories" / str(here.environment().id)
    lock.mkdir(parents=True)
    import fcntl

    with (lock / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        phases = [[one.phase for one in here.poll()] for _ in range(4)]
    assert phases[0] == [Phase.ERROR]
    assert [] in phases[1:]
    here.clock.pass_(3600)
    (ended,) = here.poll()
    assert ended.outcome is Outcome.DEPLOYED


def test_pipelines_out_of_order_do_not_go_back(here: Installation) -> None:
    here.register("push")
    older = str(here.repo.sha("main"))
    newer = here.repo.commit({"deploy/index.html": "two\n"})
    here.push(newer)
    late = here.push(older)
    assert (late.phase, late.outcome) == (Phase.SUPERSEDED, Outcome.SUPERSEDED)
    assert here.environment().status.revision == newer
    assert here.push(older, allow_older=True).outcome is Outcome.DEPLOYED
    assert here.environment().status.revision == older


def test_an_unknown_revision_is_an_error_that_says_so(here: Installation) -> None:
    here.register("push")
    ended = here.push("e" * 40)
    assert ended.phase is Phase.ERROR
    assert "eeeeeeee" in ended.reason
    assert here.environment().status.revision is None


def test_a_held_environment_refuses_pipelines_with_the_reason(here: Installation) -> None:
    here.register("push")
    here.push()
    here.use_cases.holds.hold("shop", "inventory day", None, PIPELINE)
    ended = here.push(here.repo.commit({"deploy/index.html": "two\n"}))
    assert (ended.phase, ended.outcome) == (Phase.FAILED, Outcome.HELD)
    assert "inventory day" in ended.reason
    assert ended.trigger is Trigger.PIPELINE


def test_without_a_webhook_in_use_none_was_missed(here: Installation, mode: str) -> None:
    here.register(mode, auto_sync=True)
    here.poll()
    here.repo.commit({"deploy/index.html": "two\n"})
    ended = [*here.poll(), *here.poll()]
    assert [(one.outcome, one.request.webhook_missed) for one in ended] == [(Outcome.DEPLOYED, False)]


def test_a_git_server_that_sends_us_elsewhere_does_not_stop_a_look(here: Installation, mode: str) -> None:
    target = here.servers / "shop"
    with GitServer(here.folder) as server:
        here.url = server.url(here.repo.path)
        here.register(mode)
        here.deliver(mode)
        (target / "index.html").write_text("tampered\n")
        server.redirect = "http://127.0.0.1:9"
        ended = here.refresh()
    assert (ended.phase, ended.outcome) == (Phase.SUCCEEDED, Outcome.OUT_OF_SYNC)
    assert "redirects" in ended.reason
    assert here.environment().status.sync is SyncStatus.OUT_OF_SYNC


@pytest.fixture
def three(here: Installation) -> Installation:
    """Three environments of one repository, all delivered; the middle one's path is 'app'."""
    here.repo.commit({"app/f": "1", "web/f": "1"})
    for name, path in (("a-first", "web"), ("m-app", "app"), ("z-last", "web")):
        here.register("pull", name, path=path)
    here.poll()
    return here


def test_an_environment_that_cannot_be_judged_tells_so_and_stops_no_other(three: Installation) -> None:
    newest = three.repo.commit({"app": "now a file", "web/f": "2"}, onto=None)
    three.poll()
    for name in ("a-first", "z-last"):
        assert three.environment(name).status.revision == newest
    status = three.environment("m-app").status
    assert status.sync is SyncStatus.UNKNOWN
    assert status.condition.about(ConditionKind.SOURCE)
    assert "'app' is a file" in status.condition.text
    three.poll()
    assert [why for outcome, why in three.decisions() if outcome == "refused"] == [
        f"{status.condition.text} Nothing was changed on the target."
    ]


def test_what_can_be_judged_again_is_compared_at_once_and_its_message_goes(three: Installation) -> None:
    three.repo.commit({"app": "now a file", "web/f": "2"}, onto=None)
    three.poll()
    three.refresh("m-app")
    assert three.environment("m-app").status.condition.about(ConditionKind.SOURCE), "also after a refresh in between"
    newest = three.repo.commit({"app/f": "1", "web/f": "3"}, onto=None)
    three.poll()
    status = three.environment("m-app").status
    assert (status.revision, status.sync, status.condition) == (newest, SyncStatus.SYNCED, CLEAR)


@pytest.mark.parametrize(
    "error", [RuntimeError("secret-token"), PermissionError(13, "Permission denied"), KeyError("x")]
)
def test_whatever_is_raised_stays_with_its_environment(
    three: Installation, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    judge = PollDecisions._considered

    def broken(self: PollDecisions, name: str, sighting: Sighting | None) -> bool:
        if name == "m-app":
            raise error
        return judge(self, name, sighting)

    monkeypatch.setattr(PollDecisions, "_considered", broken)
    newest = three.repo.commit({"web/f": "2", "app/f": "2"})
    assert three.use_cases.poller.poll(three.url) == "troubled"
    three.run()
    assert three.environment("z-last").status.revision == newest
    status = three.environment("m-app").status
    assert status.sync is SyncStatus.UNKNOWN
    assert "log has the details" in status.condition.text
    assert "secret-token" not in status.condition.text


def test_a_repository_that_fails_in_an_unknown_way_is_told_on_its_environments(
    three: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GitSource, "remote_heads", lambda self: 1 / 0)
    assert three.use_cases.poller.poll(three.url) == "troubled"
    assert all(three.environment(name).status.condition.about(ConditionKind.SOURCE) for name in ("a-first", "z-last"))


def test_a_tag_of_a_tree_is_no_damage_and_stops_no_other(here: Installation) -> None:
    here.repo.git("tag", "tree", "main^{tree}")
    here.register("pull", "aa", ref="tree")
    here.register("pull", "zz")
    (ended,) = here.poll()
    assert (ended.environment, ended.outcome) == ("zz", Outcome.DEPLOYED)
    assert "not a commit" in here.environment("aa").status.condition.text


def test_a_target_that_refused_is_tried_again_at_growing_distances(here: Installation) -> None:
    target = here.register("pull", interval_s=10)
    target.mkdir(parents=True)
    (target / "index.html").mkdir()
    (target / "index.html" / "foreign").touch()
    (failed,) = (one for one in here.poll() if one.kind is OperationKind.SYNC)
    assert (failed.phase, failed.outcome) == (Phase.FAILED, Outcome.REFUSED)
    tries = [[one for one in here.poll() if one.kind is OperationKind.SYNC] for _ in range(12)]
    assert 2 <= sum(map(len, tries)) <= 6, "with growing pauses"
    (target / "index.html" / "foreign").unlink()
    (target / "index.html").rmdir()
    here.clock.pass_(3600)
    (ended, *_) = here.poll()
    assert ended.outcome is Outcome.DEPLOYED


def test_a_wrong_request_leaves_no_message_on_the_environment(here: Installation) -> None:
    here.register("push")
    here.push()
    here.push("e" * 40)
    assert here.environment().status.condition == CLEAR


def test_that_git_did_not_answer_an_operation_goes_with_the_next_poll_that_it_answers(here: Installation) -> None:
    here.register("push")
    here.push()
    away = here.folder / "away"
    here.repo.path.rename(away)
    assert here.push().phase is Phase.ERROR
    assert here.environment().status.condition.about(ConditionKind.SOURCE)
    away.rename(here.repo.path)
    here.poll()
    assert here.environment().status.condition == CLEAR
