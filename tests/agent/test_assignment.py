"""The specification is the control plane's, the machine is its administrator's, the past comes along once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from app.domain.agents.wire import encode
from app.domain.environment import RunsOn
from app.domain.state.drift import Episode
from app.ports import HistoryItem
from tests.support.agents import SHOP, Ground
from tests.support.controlplane import ControlPlane

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def item(revision: str, *, current: bool = True) -> HistoryItem:
    left = None if current else NOW
    return HistoryItem(
        revision, "first", "Kim", NOW, NOW, left, "deployed", "token:ci", "pipeline", "OLD", "0" * 40, good=True,
         bad=False, bad_reason="", current=current,
    )  # fmt: skip


def refused(plane: ControlPlane, path: Path) -> bool:
    reasons = [one["reason"] for one in plane.events("operation.finished")]
    return any("does not accept the target" in one and str(path) in one for one in reasons)


def test_the_past_comes_along(ground: Ground, plane: ControlPlane) -> None:
    episode = Episode(5, SHOP, "shop", "push", ground.first, None, NOW, ("index.html",), 1)
    seed = {
        "revision": ground.first, "subject": "first", "author": "Kim", "live_since": encode(NOW),
        "last_good": ground.first, "bad": [{"revision": "b" * 40, "reason": "broken", "by": "user:kim"}],
        "history": [encode(item(ground.first))], "episode": encode(episode),
    }  # fmt: skip
    ground.assign(seed=seed, interval_s=3600, auto_sync=False)
    ground.start()
    ground.until(lambda: ground._revision(), "the environment")
    assert ground.environment().status.revision == ground.first
    assert ground.read(lambda tx: tx.history.is_bad(SHOP, "b" * 40))
    assert [one.operation for one in ground.read(lambda tx: tx.history.page(SHOP, 9, None).items)] == ["OLD"]
    plane.until(lambda: plane.of("status"), "the first look")
    assert plane.of("history") == []  # nothing of it is told back


def test_a_changed_specification_is_taken(ground: Ground, plane: ControlPlane) -> None:
    ground.assign()
    ground.start()
    ground.live_here(ground.first)
    ground.assign(interval_s=99)
    ground.until(lambda: ground.environment().policy.interval_s == 99, "the new interval")
    assert ground.environment().status.revision == ground.first


def test_an_environment_that_is_taken_away_is_left_alone(ground: Ground, plane: ControlPlane) -> None:
    ground.assign()
    ground.start()
    ground.live_here(ground.first)
    plane.take_away(SHOP)
    ground.until(lambda: ground.environment().runs_on is RunsOn.SERVER, "left")
    assert ground.holds("one\n")
    second = ground.repo.commit({"site/index.html": "two\n"}, "second")
    ground.assign(seed={"revision": ground.first, "subject": "first"})
    ground.live_here(second)


def test_the_agents_own_data_is_no_target(ground: Ground, plane: ControlPlane) -> None:
    """Nor is what lies outside the roots."""
    for id, path in ((1, ground.data / "inventories"), (2, ground.folder / "git")):
        spec = ground.spec(f"shop-{id}")
        spec["target"]["path"] = str(path)
        plane.assign(id, spec)
    ground.start()
    for path in (ground.data / "inventories", ground.folder / "git"):
        plane.until(partial(refused, plane, path), f"a refusal of {path}")
        assert not (path / "index.html").exists()


def test_a_refused_target_that_is_mended_gets_the_same_commit_by_itself(ground: Ground, plane: ControlPlane) -> None:
    spec = ground.spec()
    wrong = {**spec, "target": {**spec["target"], "path": str(ground.folder / "git")}}
    plane.assign(SHOP, wrong)
    ground.start()
    plane.until(partial(refused, plane, ground.folder / "git"), "the refusal")
    plane.assign(SHOP, spec)
    ground.live_here(ground.first)


def test_a_field_that_only_a_newer_control_plane_knows_does_no_harm(ground: Ground, plane: ControlPlane) -> None:
    spec = ground.spec()
    spec["policy"]["surprise"] = spec["surprise"] = 1
    plane.assign(SHOP, spec)
    ground.start()
    ground.live_here(ground.first)


def test_a_specification_that_cannot_be_read_leaves_the_one_before(ground: Ground, plane: ControlPlane) -> None:
    ground.assign()
    ground.start()
    ground.live_here(ground.first)
    spec = ground.spec()
    spec["policy"]["interval_s"] = "often"
    plane.assign(SHOP, spec)
    ground.live_here(ground.repo.commit({"site/index.html": "two\n"}, "second"))


def test_an_edit_that_leaves_the_place_keeps_status_and_inventory(ground: Ground, plane: ControlPlane) -> None:
    """How many releases to keep is no part of where they lie: what makes a place is said by the kind, on both sides."""
    spec = ground.spec()
    spec["target"] |= {"layout": "releases", "keep_releases": 5}
    plane.assign(SHOP, spec)
    ground.start()
    ground.live_here(ground.first)
    plane.assign(SHOP, {**spec, "target": {**spec["target"], "keep_releases": 2}})
    ground.until(lambda: ground.environment().target.option("keep_releases") == 2, "the edit")
    environment = ground.environment()
    assert environment.status.revision == ground.first
    assert ground.made is not None
    assert ground.made.use_cases.ports.targets.open(environment).inventory().revision == ground.first
    assert len(ground.read(lambda tx: tx.history.page(SHOP, 9, None).items)) == 1


def test_an_agent_looks_at_once_after_its_settings_were_mended(ground: Ground, plane: ControlPlane) -> None:
    right = ground.settings
    ground.settings = replace(right, targets=(ground.data,))
    ground.assign(interval_s=3600)
    ground.start()
    plane.until(lambda: plane.events("operation.finished"), "a delivery that was refused")
    ground.until(lambda: ground.environment().status.failures, "its failure")
    ground.stop()
    ground.settings = right
    ground.start()
    ground.live_here(ground.first)
