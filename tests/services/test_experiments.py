"""Experiments as they are kept: one at a time, stopped and taken up again, with a lease that a silent worker loses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from app.domain.errors import ExperimentFinished, ExperimentInProgress, ExperimentNotFound
from app.domain.experiments.experiment import ExperimentPhase, Progress, StepRecord
from app.ports import AuditFilter, Bench
from app.services.experiments.step_deeds import RequestCount
from app.services.experiments.twins import IDLE_S
from tests.support.installation import ME, Installation
from tests.support.interleaving import Cut, tried


@pytest.fixture
def here(tmp_path: Path, database_url: str) -> Iterator[Installation]:
    (tmp_path / "here").mkdir()
    made = Installation(tmp_path / "here", database_url)
    yield made
    made.close()


def test_one_experiment_runs_at_a_time_and_everything_about_it_is_audited(here: Installation) -> None:
    kept = here.use_cases.experiments
    first = kept.start({"seed": 7, "profile": "quick"}, ME)
    with pytest.raises(ExperimentInProgress, match=first.id):
        kept.start({}, ME)
    with pytest.raises(ExperimentInProgress):
        kept.remove(first.id, ME)
    assert kept.stop(first.id, ME).phase is ExperimentPhase.STOPPED
    with pytest.raises(ExperimentFinished):
        kept.stop(first.id, ME)
    second = kept.start({"seed": 8}, ME)
    with pytest.raises(ExperimentInProgress, match=second.id):
        kept.resume(first.id, ME)
    kept.end(second, ExperimentPhase.FINISHED)
    assert kept.resume(first.id, ME).phase is ExperimentPhase.RUNNING
    kept.end(first, ExperimentPhase.FAILED, "the disk is full")
    kept.remove(first.id, ME)
    with here.store.read() as tx:
        stored = tx.experiments.get(first.id)
        assert (stored.phase, stored.reason, stored.parameters) == (
            ExperimentPhase.FAILED, "the disk is full", first.parameters
        )  # fmt: skip
        assert (stored.finished_at is not None, stored.removed_at is not None) == (True, True)
        page = tx.experiments.page(1, None)
        assert ([one.id for one in page.items], page.next) == ([second.id], second.id)
        assert [one.id for one in tx.experiments.page(5, page.next).items] == [first.id]
        with pytest.raises(ExperimentNotFound):
            tx.experiments.get("nonesuch")
        actions = [
            one.action for one in tx.audit.page(AuditFilter(), 50, None).items if one.action.startswith("experiment.")
        ]
    assert sorted(actions) == sorted(
        f"experiment.{word}" for word in ("start", "stop", "start", "end", "resume", "end", "remove")
    )


def test_a_lease_is_kept_by_signs_of_life_and_lost_without(here: Installation) -> None:
    kept = here.use_cases.experiments
    made = kept.start({"profile": "quick"}, ME)
    assert kept.claim("one") == made
    assert kept.claim("other") is None
    moment = here.clock.now()
    progress = Progress(3.5, 4711, {"push": 1, "pull": 2}, moment, ((moment, None),), {"push": {"git": 3}})
    assert kept.renew(made.id, "one", progress)
    here.clock.pass_(29)
    assert kept.claim("other") is None
    here.clock.pass_(2)
    taken = kept.claim("other")
    assert taken == replace(made, progress=progress)
    assert not kept.renew(made.id, "one", progress)
    kept.release(made.id, "other", progress)
    assert kept.claim("one") is not None
    kept.stop(made.id, ME)
    assert not kept.renew(made.id, "one", progress)


def test_a_step_that_is_done_again_is_kept_once(here: Installation) -> None:
    kept = here.use_cases.experiments
    made, at = kept.start({}, ME), here.clock.now()
    for number, word in ((2, "two"), (1, "one"), (2, "again")):
        kept.note(made.id, StepRecord(number, at, {"word": word}))
    assert {number: one.data["word"] for number, one in kept.steps(made.id).items()} == {1: "one", 2: "again"}


class CountingBench:
    """A bench that counts, and is asked for nothing else."""

    def __init__(self) -> None:
        self.counts = {"push": {"answered": 40}, "pull": {"answered": 7}}

    def requests(self) -> dict[str, dict[str, int]]:
        return {mode: dict(counts) for mode, counts in self.counts.items()}


def test_requests_are_counted_once_however_often_it_stands_still() -> None:
    bench = CountingBench()
    count = RequestCount(cast(Bench, bench), {"push": {"answered": 40}, "pull": {"answered": 7, "refused": 2}})
    assert count.now() == {"push": {"answered": 40}, "pull": {"answered": 7, "refused": 2}}
    bench.counts["pull"]["answered"] += 3
    assert count.now()["pull"] == {"answered": 10, "refused": 2}


@pytest.mark.parametrize("at", [1, 2])
def test_an_experiment_that_was_removed_is_not_taken_up_again(here: Installation, at: int) -> None:
    kept = here.use_cases.experiments
    made = kept.start({"seed": 7, "profile": "quick"}, ME)
    kept.stop(made.id, ME)
    with Cut(here, lambda: tried(lambda: kept.resume(made.id, ME)), at)():
        tried(lambda: kept.remove(made.id, ME))
    with here.store.read() as tx:
        stored = tx.experiments.get(made.id)
    assert (stored.phase is ExperimentPhase.RUNNING) == (stored.removed_at is None)


def test_twins_of_what_failed_rest_and_its_token_is_gone(here: Installation) -> None:
    kept = here.use_cases.experiments
    made = kept.start({"seed": 7, "profile": "quick"}, ME)
    name = made.twin("pull")
    here.register("pull", name, self_heal=True)
    kept.twins.token(made)
    kept.end(made, ExperimentPhase.FAILED, "the disk is full")
    policy = here.environment(name).policy
    assert (policy.auto_sync, policy.self_heal, policy.interval_s) == (False, False, IDLE_S)
    with here.store.read() as tx:
        assert [bool(one.revoked_at) for one in tx.identities.tokens() if one.name == made.pipeline] == [True]
