"""Healing some of what drifted: only that is put right, and the episode goes on for the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.domain.errors import EnvironmentHeld, InvalidInput
from app.domain.events import EventType
from app.domain.identity import SYSTEM as WHO
from app.domain.operation import Outcome, Phase
from app.domain.state.drift import Ending
from app.domain.status import Divergence, SyncStatus
from app.ports import AuditFilter
from tests.services.fleet import VERSION, Fleet
from tests.support.installation import ME, Installation

FILES = {"deploy/a.txt": "a\n", "deploy/b.txt": "b\n", "deploy/sub/c.txt": "c\n"}


def drifting(here: Installation, mode: str) -> Path:
    here.repo.commit(FILES)
    target = here.register(mode)
    here.deliver(mode)
    for path in ("a.txt", "b.txt", "sub/c.txt"):
        (target / path).write_text("by hand\n")
    here.refresh()
    return target


def live(target: Path) -> dict[str, str]:
    return {name: (target / name).read_text() for name in ("a.txt", "b.txt", "sub/c.txt")}


def test_only_the_chosen_paths_are_put_right_and_the_episode_goes_on(here: Installation, mode: str) -> None:
    target = drifting(here, mode)
    number = here.environment().status.drift_episode
    here.use_cases.drift.heal("shop", ME, paths=["a.txt", "sub/c.txt"])
    (ended,) = here.run()
    assert live(target) == {"a.txt": "a\n", "b.txt": "by hand\n", "sub/c.txt": "c\n"}
    assert (ended.outcome, ended.changes.updated, ended.request.paths) == (Outcome.HEALED, 2, ("a.txt", "sub/c.txt"))
    assert ended.reason == "heal a.txt and sub/c.txt"
    status = here.environment().status
    assert (status.sync, status.divergence) == (SyncStatus.OUT_OF_SYNC, Divergence.DRIFT)
    assert (status.drift_count, status.drift_episode) == (1, number)
    assert [item["path"] for item in here.report()["items"]] == ["b.txt"]
    assert "+by hand" in here.report()["items"][0]["diff"]
    found = here.queries.drift.episode(WHO, number or 0)
    assert found.episode.ended_at is None
    assert (found.episode.paths, found.episode.count) == (("b.txt",), 1)
    assert [(one.data["healed"], one.data["by"]) for one in found.healed] == [(["a.txt", "sub/c.txt"], str(ME))]
    assert found.report is not None
    assert [one.item.path for one in found.report.items] == ["a.txt", "b.txt", "sub/c.txt"]
    here.refresh()
    assert here.environment().status.drift_count == 1, "a look at the whole target finds the same"


def test_the_rest_ends_the_episode(here: Installation, mode: str) -> None:
    target = drifting(here, mode)
    number = here.environment().status.drift_episode or 0
    here.use_cases.drift.heal("shop", ME, paths=["a.txt"])
    here.run()
    here.use_cases.drift.heal("shop", ME, paths=["b.txt", "sub/c.txt"])
    here.run()
    assert set(live(target).values()) == {"a\n", "b\n", "c\n"}
    assert here.environment().status.sync is SyncStatus.SYNCED
    found = here.queries.drift.episode(WHO, number)
    assert (found.episode.ending, found.episode.ended_by) == (Ending.HEALED, str(ME))


def test_the_audit_log_says_which_paths(here: Installation, mode: str) -> None:
    drifting(here, mode)
    operation = here.use_cases.drift.heal("shop", ME, paths=["a.txt"])
    here.run()
    found = here.queries.audit.view(WHO, AuditFilter(search=operation.id), 50, None).page.items
    told = {one.action: one.data for one in found}
    assert told["sync.request"]["paths"] == ["a.txt"]
    assert told["sync.finish"]["paths"] == ["a.txt"]


def test_what_was_changed_after_the_last_look_is_left_too(here: Installation, mode: str) -> None:
    target = drifting(here, mode)
    (target / "index.html").write_text("just now\n")
    here.use_cases.drift.heal("shop", ME, paths=["a.txt", "b.txt", "sub/c.txt"])
    here.run()
    assert (target / "index.html").read_text() == "just now\n"
    assert [item["path"] for item in here.report()["items"]] == ["index.html"]


def test_a_path_that_does_not_drift_is_refused_or_found_right(here: Installation, mode: str) -> None:
    target = drifting(here, mode)
    with pytest.raises(InvalidInput, match=r"nothing\.txt") as refused:
        here.use_cases.drift.heal("shop", ME, paths=["a.txt", "nothing.txt"])
    assert list(refused.value.fields) == ["paths"]
    here.use_cases.drift.heal("shop", ME, paths=["a.txt"])
    (target / "a.txt").write_text("a\n")
    (ended,) = here.run()
    assert (ended.outcome, ended.reason) == (Outcome.NO_OP, "nothing that was asked for drifts any more")
    assert here.environment().status.drift_count == 2
    here.use_cases.holds.hold("shop", "look first", None, ME)
    with pytest.raises(EnvironmentHeld):
        here.use_cases.drift.heal("shop", ME, paths=["b.txt"])


def test_a_failing_hook_heals_nothing_and_forgets_nothing(here: Installation, mode: str) -> None:
    target = drifting(here, mode)
    here.use_cases.registration.edit("shop", {"policy": {"hooks": {"pre": [["false"]]}}}, ME)
    here.use_cases.drift.heal("shop", ME, paths=["a.txt"])
    (ended,) = here.run()
    assert ended.outcome is Outcome.FAILED
    assert set(live(target).values()) == {"by hand\n"}
    assert len(here.report()["items"]) == 3


def test_a_target_that_is_replaced_as_a_whole_heals_all_or_nothing(here: Installation) -> None:
    here.repo.commit(FILES)
    target = here.servers / "shop"
    spec = {
        "name": "shop", "mode": "push", "source": {"repo_url": here.url, "ref": "main", "path": "deploy"},
        "target": {"kind": "directory", "path": str(target), "layout": "releases"},
    }  # fmt: skip
    here.use_cases.registration.create(spec, ME)
    here.push()
    for path in ("a.txt", "b.txt"):
        (target / "current" / path).write_text("by hand\n")
    here.refresh()
    here.use_cases.drift.heal("shop", ME, paths=["a.txt"])
    (ended,) = here.run()
    assert (ended.phase, ended.outcome) == (Phase.FAILED, Outcome.REFUSED)
    assert "replaced as a whole" in ended.reason
    assert (target / "current" / "b.txt").read_text() == "by hand\n"
    here.use_cases.drift.heal("shop", ME, paths=["a.txt", "b.txt"])
    assert here.run()[0].outcome is Outcome.HEALED


def test_the_ledger_says_who_healed_what(here: Installation, mode: str) -> None:
    drifting(here, mode)
    here.use_cases.drift.heal("shop", ME, paths=["a.txt"])
    here.run()
    (told,) = here.events(EventType.DRIFT_CHANGED)
    assert (told.data["count"], told.data["paths"], told.data["healed"]) == (2, ["b.txt", "sub/c.txt"], ["a.txt"])


def test_an_agent_too_old_to_heal_in_part_is_not_asked_to(here: Installation) -> None:
    fleet = Fleet(here)
    for version, why in (("0.1.0", "upgrade it"), (VERSION, "no drift is known")):
        fleet.knock(version)
        with pytest.raises(InvalidInput) as refused:
            here.use_cases.drift.heal("shop", ME, paths=["a.txt"])
        assert why in refused.value.fields["paths"]
