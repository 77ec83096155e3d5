"""Shadows: whatever asks them, they plan and tell, and touch neither the target nor what is known about it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from app.domain.actor import WEBHOOK
from app.domain.errors import InvalidInput, OnlyObserves
from app.domain.events import EventType
from app.domain.identity import SYSTEM
from app.domain.operation import Operation, OperationKind, Outcome, Phase, Request, StageName, Trigger
from app.domain.status import Divergence, SyncStatus
from app.services.environments.rollback import RollbackWish
from app.services.environments.write_back import WriteBackWish
from tests.support.installation import ME, PIPELINE, Installation
from tests.support.places import picture

pytestmark = pytest.mark.thorough


@pytest.fixture
def shop(here: Installation) -> Path:
    """ "shop" is pushed to; "shade" looks at the same target, and would heal and go back by itself."""
    target = here.register("push", "shop")
    here.push()
    shadow(here, "pull")
    return target


def shadow(here: Installation, mode: str, name: str = "shade", of: str = "shop", **policy: object) -> None:
    hooks = [{"when": "pre", "command": ["touch", str(here.folder / "hooked")]}]
    values = {
        "name": name,
        "mode": mode,
        "source": {"repo_url": here.url, "ref": "main", "path": "deploy"},
        "target": {"kind": "directory", "path": str(here.servers / of)},
        "policy": {"observe": True, "self_heal": True, "auto_rollback": True, "hooks": hooks, **policy},
    }
    here.use_cases.registration.create(values, ME)


def polled(here: Installation) -> list[Operation]:
    return [one for one in here.poll() if one.environment == "shade"]


def asked(trigger: Trigger, by: str) -> Callable[[Installation], list[Operation]]:
    def ask(here: Installation) -> list[Operation]:
        request = Request(OperationKind.SYNC, trigger, by, wanted=here.repo.sha("main"))
        here.ask(request, "shade")
        return here.run()

    return ask


TRIGGERS = {
    "poll": polled,
    "pipeline": asked(Trigger.PIPELINE, str(PIPELINE)),
    "webhook": asked(Trigger.WEBHOOK, str(WEBHOOK)),
    "manual": asked(Trigger.MANUAL, str(ME)),
    "self_heal": asked(Trigger.SELF_HEAL, str(ME)),
}


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_whatever_asks_nothing_is_written(here: Installation, shop: Path, trigger: str) -> None:
    here.repo.commit({"deploy/index.html": "two\n", "deploy/new.txt": "new\n", "deploy/data.bin": None})
    shown = picture(shop)
    os.chmod(shop, 0o500)
    (ended,) = TRIGGERS[trigger](here)
    os.chmod(shop, 0o755)
    assert picture(shop) == shown
    assert (ended.phase, ended.outcome) == (Phase.SUCCEEDED, Outcome.OBSERVED)
    assert ended.reason.startswith(f"would have deployed {(ended.revision or '')[:8]}: 1 created, 1 updated")
    assert [stage.name for stage in ended.stages][-1] is StageName.PLANNED
    assert not ended.changes.any
    environment = here.environment("shade")
    assert (environment.status.sync, environment.status.divergence) == (
        SyncStatus.OUT_OF_SYNC, Divergence.NEW_REVISION,
    )  # fmt: skip
    assert environment.hold is None
    assert not (here.folder / "hooked").exists()
    with here.store.read() as tx:
        assert tx.history.page(environment.id, 9, None).items == ()
    assert here.ports.targets.open(environment).inventory().state is None


def test_a_commit_is_told_once_and_the_status_follows_what_stands_there(here: Installation, shop: Path) -> None:
    assert polled(here)[0].reason.endswith("nothing to change, live equals it already")
    assert here.environment("shade").status.sync is SyncStatus.SYNCED
    sha = here.repo.commit({"deploy/index.html": "two\n"})
    assert len(polled(here)) == 1
    assert polled(here) == polled(here) == []
    assert here.refresh("shade").outcome is Outcome.OUT_OF_SYNC
    here.push(sha)
    assert here.refresh("shade").outcome is Outcome.COMPARED
    assert here.environment("shade").status.sync is SyncStatus.SYNCED
    here.repo.commit({"deploy/index.html": None})
    (ended,) = polled(here)
    assert ended.reason.endswith("1 deleted")


def test_what_is_edited_there_is_no_drift_of_a_shadow(here: Installation, shop: Path) -> None:
    polled(here)
    (shop / "index.html").write_text("edited by hand\n")
    shown = picture(shop)
    ended = here.refresh("shade", Trigger.SCHEDULE)
    assert here.run() == []  # self-heal is on, and asks for nothing
    status = here.environment("shade").status
    assert ended.outcome is Outcome.OUT_OF_SYNC
    assert (status.divergence, status.drift_count, status.drift_episode) == (Divergence.NEW_REVISION, 0, None)
    assert [event for event in here.events(EventType.DRIFT_DETECTED) if event.environment == "shade"] == []
    assert picture(shop) == shown


def test_what_would_change_the_target_is_refused(here: Installation, shop: Path) -> None:
    polled(here)
    for deed in (
        lambda: here.use_cases.drift.heal("shade", ME),
        lambda: here.use_cases.drift.write_back("shade", WriteBackWish(), ME),
        lambda: here.use_cases.rollback.back("shade", RollbackWish(), ME),
        lambda: here.use_cases.rollback.preview("shade", None),
    ):
        with pytest.raises(OnlyObserves) as refused:
            deed()
        assert "shade is a shadow" in refused.value.detail


def test_two_that_deliver_may_not_share_a_target_and_a_shadow_may_not_be_promoted_beside_one(
    here: Installation, shop: Path
) -> None:
    with pytest.raises(InvalidInput) as refused:
        here.use_cases.registration.edit("shade", {"policy": {"observe": False}}, ME)
    assert "shop" in refused.value.fields["target.path"]


def test_promoted_it_takes_over_what_it_finds(here: Installation, shop: Path) -> None:
    polled(here)
    here.use_cases.registration.edit("shop", {"policy": {"observe": True}}, ME)
    here.use_cases.registration.edit("shade", {"policy": {"observe": False, "hooks": []}}, ME)
    shown = picture(shop)
    (ended,) = [one for one in here.poll() if one.environment == "shade" and one.kind is OperationKind.SYNC]
    assert (ended.phase, ended.changes.any) == (Phase.SUCCEEDED, False)
    assert picture(shop) == shown
    assert here.ports.targets.open(here.environment("shade")).inventory().state is not None
    here.repo.commit({"deploy/index.html": "two\n"})
    here.poll()
    assert (shop / "index.html").read_text() == "two\n"
    assert here.environment("shop").status.divergence is not Divergence.DRIFT


def test_one_that_begins_to_observe_leaves_its_drift_behind(here: Installation) -> None:
    target = here.register("push")
    here.push()
    (target / "index.html").write_text("edited by hand\n")
    here.refresh()
    here.use_cases.registration.edit("shop", {"policy": {"observe": True}}, ME)
    environment = here.environment()
    assert (environment.status.drift_count, environment.status.drift_episode) == (0, None)
    with here.store.read() as tx:
        assert tx.episodes.current(environment.id) is None


def test_the_same_commits_stand_beside_each_other(here: Installation, shop: Path) -> None:
    polled(here)
    sha = here.repo.commit({"deploy/index.html": "two\n"}, "second", when=int(here.clock.at.timestamp()))
    here.push(sha)
    polled(here)
    pairs = here.queries.shadows.pairs(SYSTEM, "shop")
    assert pairs == here.queries.shadows.pairs(SYSTEM, "shade")
    newest = pairs[0]
    assert (newest.revision, newest.environment, newest.shadow) == (sha, "shop", "shade")
    assert newest.difference_s is not None
    assert newest.difference_s > 0


def test_the_comparison_leaves_shadows_out(here: Installation, shop: Path) -> None:
    polled(here)
    for text in ("two\n", "three\n"):
        here.repo.commit({"deploy/index.html": text}, when=int(here.clock.at.timestamp()))
    polled(here)
    found = here.queries.comparison.compare(SYSTEM)
    assert found.environments == {"push": 1, "pull": 0}
    assert found.row("lead_time").pull.n == 0
    assert found.row("never_deployed").pull.n == 0
