"""Ticks go on whatever fails, hangs, or is done to the clock."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.scheduler.host_lanes import WIDTH, HostLanes
from app.scheduler.steady_trigger import JUMP_S, JumpWatch, SteadyTrigger
from app.scheduler.tick_health import SILENT_S, STUCK_S, TickHealth

START = datetime(2026, 11, 29, tzinfo=UTC)
JUMPS = st.lists(st.sampled_from([-86_400, -3_600, -5, 0, 5, 3_600, 86_400]), max_size=8)


@given(JUMPS, st.integers(1, 600))
def test_whatever_is_done_to_the_clock_a_job_runs_within_two_of_its_intervals(jumps: list[int], seconds: int) -> None:
    trigger, now = SteadyTrigger(seconds, seconds * 0.1), START
    due = trigger.get_next_fire_time(None, now)
    for jump in jumps:
        now += timedelta(seconds=jump + seconds)
        previous = due if due <= now else now + timedelta(seconds=jump)  # it ran, or the scheduler was told to
        steps = 0
        while previous <= now and steps < 5:
            previous, steps = trigger.get_next_fire_time(previous, now), steps + 1
        due = trigger.get_next_fire_time(previous if previous <= now else None, now)
        assert steps < 5, "what was missed is not made up for"
        assert timedelta() < due - now <= timedelta(seconds=2.2 * seconds)


@given(JUMPS)
def test_a_step_of_the_wall_clock_is_noticed_once(jumps: list[int]) -> None:
    wall, monotonic = 1_000_000.0, 5.0
    watch = JumpWatch(wall, monotonic)
    for jump in jumps:
        wall, monotonic = wall + jump + 1.0, monotonic + 1.0
        assert bool(watch.jumped(wall, monotonic)) is (abs(jump) > JUMP_S)
        assert watch.jumped(wall + 60, monotonic + 60) == 0, "time that passes is none"
        wall, monotonic = wall + 60, monotonic + 60


def test_a_slow_server_keeps_few_threads_and_none_of_another() -> None:
    lanes, free = HostLanes(), threading.Event()
    ran: list[int] = []

    def call(number: int) -> None:
        free.wait(30)
        ran.append(number)

    threads = [threading.Thread(target=lanes.run, args=("slow", str(n), partial(call, n))) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(0.2)
    waiting = [thread for thread in threads if thread.is_alive()]
    assert len(waiting) == WIDTH
    lanes.run("quick", "a", lambda: ran.append(-1))
    assert ran == [-1]
    free.set()
    for thread in threads:
        thread.join(30)
    assert sorted(ran[1:]) == list(range(12)), "each had its turn"


def test_a_call_that_waits_already_is_not_queued_twice() -> None:
    lanes = HostLanes()
    ran: list[str] = []

    def first() -> None:
        lanes.run("host", "same", lambda: ran.append("again"))
        ran.append("first")

    lanes.run("host", "same", first)
    assert ran == ["first"]


def _broken() -> None:
    raise KeyError("secret")


class Seconds:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


def test_a_failing_tick_is_told_until_it_succeeds(seconds: Seconds) -> None:
    health = TickHealth(seconds)
    health.run("poll", "a", lambda: _broken())
    health.run("poll", "b", lambda: None)
    seconds.now += 12
    assert health.troubles() == {"poll": "fails since 12 s (KeyError)"}
    assert health.failures == {"poll": 1}
    health.run("poll", "a", lambda: None)
    assert health.troubles() == {}


def test_a_tick_that_hangs_is_told(seconds: Seconds) -> None:
    health = TickHealth(seconds)
    inside: dict[str, str] = {}

    def hang() -> None:
        seconds.now += STUCK_S + 1
        inside.update(health.troubles())

    health.run("deliveries", "", hang)
    assert inside == {"deliveries": "hangs since 2 min 1 s"}
    assert health.troubles() == {}


def test_a_scheduler_that_stopped_is_noticed(seconds: Seconds) -> None:
    health = TickHealth(seconds)
    seconds.now += SILENT_S
    assert not health.silent_s()
    seconds.now += 1
    assert health.silent_s() == SILENT_S + 1
