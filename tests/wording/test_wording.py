from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from app.cli.output import stage_line
from app.domain.audit import timestamp
from app.domain.environment import Mode
from app.domain.events import EventType
from app.domain.experiments.experiment import ExperimentPhase
from app.domain.operation import Outcome, Phase, StageName, Trigger
from app.domain.state.drift import Ending
from app.domain.state.plan import Action, Drift
from app.domain.status import Divergence, Health, SyncStatus
from app.wording import badges, quantities, short_names, times

NOW = datetime(2026, 11, 23, 15, 2, 11, tzinfo=UTC)
ENUMS = {
    "mode": Mode, "sync": SyncStatus, "health": Health, "divergence": Divergence, "phase": Phase, "outcome": Outcome,
    "trigger": Trigger, "stage": StageName, "drift": Drift, "action": Action, "ending": Ending, "event": EventType,
    "experiment": ExperimentPhase,
}  # fmt: skip


@pytest.mark.parametrize("kind", badges.LOOKS)
def test_every_value_of_the_domain_has_a_look_and_no_other(kind: str) -> None:
    assert set(badges.LOOKS[kind]) == {str(value) for value in ENUMS[kind]}


def test_an_unknown_value_reads_as_it_stands() -> None:
    assert badges.look("half_done", "phase") == badges.Badge("half done", "none", "unknown")
    assert badges.look(None, "outcome").label == "–"


@pytest.mark.parametrize(
    ("span", "text"),
    [(0, "0 s"), (-3, "−3.0 s"), (0.0404, "40 ms"), (0.9996, "1.0 s"), (9.96, "10 s"), (48.4, "48 s"), (60, "1 min"),
     (112, "1 min 52 s"), (3599.6, "1 h"), (11100, "3 h 5 min"), (187200, "2 d 4 h"),
     (timedelta(minutes=2), "2 min"), (None, "–")],
)  # fmt: skip
def test_durations_have_at_most_two_units(span: float | timedelta | None, text: str) -> None:
    assert times.duration(span) == text


@pytest.mark.parametrize(
    ("age", "text"),
    [(0, "just now"), (4.9, "just now"), (5, "5 s ago"), (59.9, "59 s ago"), (60, "1 min ago"), (86399, "23 h ago"),
     (-300, "in 5 min"), (86400 * 29, "29 d ago"), (86400 * 30, "24 Oct 2026")],
)  # fmt: skip
def test_relative_times_round_down(age: float, text: str) -> None:
    assert times.relative(NOW - timedelta(seconds=age), NOW) == text


def test_a_time_that_never_was_is_never() -> None:
    assert (times.relative(None), times.exact(None), times.iso(None)) == ("never", "never", "")


@pytest.mark.parametrize("year", [1, 21, 803, 999, 1803, 9999])
def test_years_have_four_digits_wherever_they_are_told(year: int) -> None:
    at = datetime(year, 2, 3, 4, 5, 6, 7, UTC)
    assert times.exact(at) == f"3 Feb {year:04d}, 04:05:06 UTC"
    assert times.relative(at, NOW) == f"3 Feb {year:04d}"
    assert times.iso(at) == timestamp(at) == f"{year:04d}-02-03T04:05:06.000007Z"
    assert datetime.fromisoformat(times.iso(at)) == at


def test_exact_times_are_utc_whatever_the_zone() -> None:
    there = NOW.astimezone(timezone(timedelta(hours=9)))
    assert times.exact(there) == "23 Nov 2026, 15:02:11 UTC"
    assert times.iso(there) == "2026-11-23T15:02:11.000000Z"
    assert times.clock(there) == "15:02:11"


@pytest.mark.parametrize(
    ("value", "text"), [(12408, "12,408"), (3.0, "3"), (3.46, "3.5"), (1234.5, "1,234"), (0, "0"), (None, "–")]
)
def test_numbers_group_thousands(value: float | None, text: str) -> None:
    assert quantities.number(value) == text


def test_small_words() -> None:
    assert [quantities.plural(1, "file"), quantities.plural(2, "entry", "entries")] == ["1 file", "2 entries"]
    assert [quantities.listed(words) for words in ([], ["a"], ["a", "b", "c"])] == ["", "a", "a, b and c"]
    assert [short_names.actor(name) for name in ("user:ana", "token:ci", "")] == ["ana", "token ci", "–"]
    assert [quantities.size(count) for count in (512, 2048, 1_400_000)] == ["512 B", "2.0 KB", "1.4 MB"]
    assert [short_names.short("9be417d0c2f6"), short_names.short(None)] == ["9be417d0", "–"]


@pytest.mark.parametrize(
    "url", ["https://git.example.org/acme/shop.git", "git@git.example.org:acme/shop.git", "/srv/git/acme/shop/"]
)
def test_a_repository_is_called_by_its_last_two_parts(url: str) -> None:
    assert short_names.repository(url) == "acme/shop"


def test_a_stage_is_told_with_its_duration_and_an_instant_with_its_time() -> None:
    committed = {"name": "committed", "started_at": "2026-11-20T12:00:00Z", "finished_at": "2026-11-20T12:00:00Z"}
    visible = {"name": "visible", "started_at": "2026-11-18T18:00:00Z", "finished_at": "2026-11-20T12:00:00Z"}
    assert stage_line(committed).split(maxsplit=1) == ["committed", "20 Nov 2026, 12:00:00 UTC"]
    assert stage_line(visible).split(maxsplit=1) == ["visible", "1 d 18 h"]
