"""What the agent's clocks say is what happened, whatever is done to its wall clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.agent.clocks import BootClock, Offset
from app.domain.agents.protocol import Clocks, Instant
from tests.support.agents import Ground
from tests.support.controlplane import ControlPlane

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Steered(BootClock):
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.boot, self.at, self.mono = "boot", NOW, 100.0

    def seconds(self) -> float:
        return self.mono

    def __call__(self) -> Instant:
        return Instant(self.at, self.mono, self.boot)

    def pass_(self, seconds: float) -> None:
        self.at, self.mono = self.at + timedelta(seconds=seconds), self.mono + seconds


def test_the_best_of_the_last_measurements_counts() -> None:
    clock = Steered()
    offset = Offset(clock)
    assert offset.best() == (0.0, None)
    for trip, lag in ((2.0, 0.9), (0.01, 0.0), (1.0, 0.4)):  # seconds there and back, and how lopsided it was
        sent = clock.mono
        theirs = clock.at + timedelta(seconds=5 + trip / 2 + lag)
        clock.pass_(trip)
        offset.measured(sent, clock.mono, theirs)
    found, error = offset.best()
    assert found == pytest.approx(5.0)
    assert error == pytest.approx(0.005)


def test_a_step_of_the_wall_clock_changes_the_offset_at_once() -> None:
    clock = Steered()
    offset = Offset(clock)
    offset.measured(clock.mono, clock.mono, clock.at)
    clock.pass_(60)
    clock.at += timedelta(hours=3)
    assert offset.best()[0] == pytest.approx(-3 * 3600)
    assert offset.corrected() == NOW + timedelta(seconds=60)


def test_an_event_before_a_step_is_dated_right_after_it() -> None:
    clock, ours = Steered(), NOW + timedelta(seconds=7)  # the agent is seven seconds behind
    event = clock()
    clock.pass_(30)
    clock.at -= timedelta(hours=1)
    clock.pass_(30)
    now = clock()
    clocks = Clocks(ours + timedelta(seconds=60), now.at, now.mono_s, now.boot)
    assert clocks.ours(event.at, event.mono_s, event.boot) == ours


def test_the_offset_is_measured_and_sent(ground: Ground, plane: ControlPlane) -> None:
    plane.skew_s = 3600.0
    ground.assign()
    ground.start()
    ground.live_here(ground.first)
    ground.all_told()
    told = plane.clocks[-1]
    assert told["offset_s"] == pytest.approx(3600, abs=5)
    assert told["offset_error_s"] is not None


def test_this_machines_clock_goes_on_and_names_its_boot() -> None:
    one, other = BootClock()(), BootClock()()
    assert one.boot == other.boot
    assert one.mono_s <= other.mono_s
