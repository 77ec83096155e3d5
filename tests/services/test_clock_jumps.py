"""Clocks may be set, by an hour or a day, forward and back: nothing reads Synced for long that is not looked at, and
looks go on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.environment import AHEAD, Environment, Mode, Policy, SourceSpec, Status, TargetSpec
from app.domain.status import Health, SyncStatus
from app.ports import EnvironmentFilter
from app.services.triggers.pauses import LONGEST_S, Pauses
from tests.support.installation import Installation

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
STEPS = st.lists(st.sampled_from([-86_400, -3_600, -120, 60, 3_600, 86_400]), max_size=6)


@given(STEPS, st.integers(1, 600), st.integers(5, 600))
def test_a_verdict_is_believed_for_its_life_and_no_longer_whatever_the_clock_says(
    steps: list[int], poll_s: int, refresh_s: int
) -> None:
    policy = Policy(interval_s=poll_s, refresh_interval_s=refresh_s)
    bare = Environment(1, "e", Mode.PULL, SourceSpec("r"), TargetSpec("directory"), policy)
    life = bare.verdict_lifetime()
    status = Status(SyncStatus.SYNCED, Health.HEALTHY, checked_at=NOW, expires_at=NOW + life)
    environment = replace(bare, status=status, git_seen_at=NOW)
    wall = NOW
    for step in steps:
        wall += timedelta(seconds=step)
        if environment.sync_at(wall) is SyncStatus.SYNCED:
            assert -AHEAD <= wall - NOW < min(life, environment.look_lifetime())


@pytest.mark.parametrize("step", [-86_400, -3_600, 3_600, 86_400])
def test_after_the_clock_was_set_a_refresh_is_due_and_nothing_reads_synced(here: Installation, step: int) -> None:
    here.register("pull")
    here.poll()
    here.refresh()
    assert _shown(here) is SyncStatus.SYNCED
    here.clock.set_by(step)
    assert _shown(here) is SyncStatus.UNKNOWN
    with here.store.read() as tx:
        assert [one.name for one in tx.environments.due_for_refresh(here.clock.now(), 10)] == ["shop"]
    here.refresh()
    here.use_cases.poller.poll(here.url)
    assert _shown(here) is SyncStatus.SYNCED
    with here.store.read() as tx:
        assert tx.environments.due_for_refresh(here.clock.now(), 10) == ()


def test_a_poll_that_hangs_lets_nothing_read_synced(here: Installation) -> None:
    here.register("pull", interval_s=60)
    here.poll()
    here.clock.pass_(170)
    here.refresh()
    assert _shown(here) is SyncStatus.SYNCED
    here.clock.pass_(11)
    here.refresh()  # live is as it was; whether Git is, nobody knows
    assert _shown(here) is SyncStatus.UNKNOWN


def _shown(here: Installation) -> SyncStatus:
    """The verdict as pages show it, which the store must count and filter alike."""
    now = here.clock.now()
    shown = here.environment().sync_at(now)
    with here.store.read() as tx:
        assert tx.environments.tally(now).by_sync == {shown: 1}
        assert len(tx.environments.page(EnvironmentFilter(sync=shown.value), now, 10, None).items) == 1
    return shown


@given(st.lists(st.floats(0, 1000), max_size=30), st.integers(1, 3600))
def test_pauses_grow_to_a_bound_and_end(gaps: list[float], base: int) -> None:
    pauses, place, now, last = Pauses(), ("https://git.example", None), 0.0, 0.0
    for gap in gaps:
        now += gap
        length = pauses.failed(place, "silent", now, float(base))
        assert base <= length <= max(LONGEST_S, base)
        assert length >= last
        assert pauses.open(now + length - 0.001, place)
        assert pauses.open(now + length, place) is None
        last = length
    pauses.answered(place)
    assert pauses.open(now, place) is None
