"""The comparison reads one window of the store, in one transaction, narrowed by labels."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Self, cast

import pytest

from app.comparison import MODES
from app.comparison.delivery_facts import CommitFact, DeliveryFact, PollFact
from app.domain.environment import Environment, Mode, SourceSpec, TargetSpec
from app.domain.errors import InvalidInput
from app.domain.events import Event
from app.domain.identity import SYSTEM
from app.domain.operation import Outcome, Phase, Trigger
from app.domain.state.drift import Episode
from app.ports import Clock, ComparisonFacts, Store
from app.queries.comparisons.comparison_queries import ComparisonQueries
from app.queries.comparisons.headlines import Headlines, Later
from app.targets.target_registry import CATALOGUE

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LABELS = {"push": {"team": "web"}, "pull": {"team": "web", "tier": "front"}}


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def sync(mode: str, revision: str, seconds_ago: float, lead: float) -> DeliveryFact:
    start, end = ago(seconds_ago + lead), ago(seconds_ago)
    return DeliveryFact(
        revision, mode, mode, Trigger.PIPELINE, Phase.SUCCEEDED, Outcome.DEPLOYED, revision,
        start, end, start, start, start, start, start, end, end, False, "token:ci",
    )  # fmt: skip


class Memory:
    """A store, its only transaction and its facts in one; remembers how often it was opened."""

    def __init__(self) -> None:
        self.opened = 0
        self.uptime = 100.0
        self.syncs = [sync("push", "a", 60, 4), sync("push", "b", 3 * 86400, 8), sync("pull", "a", 60, 9)]

    @contextmanager
    def read(self) -> Iterator[Memory]:
        self.opened += 1
        yield self

    @property
    def facts(self) -> ComparisonFacts:
        return self

    @property
    def experiments(self) -> Self:
        return self

    def twins(self) -> frozenset[int]:
        return frozenset()

    def without(self, environment_ids: Collection[int]) -> ComparisonFacts:
        raise NotImplementedError

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return self.uptime

    def within(self, environment_id: int) -> ComparisonFacts:
        raise NotImplementedError

    def start(self, since: datetime, until: datetime, labels: Mapping[str, str], limit: int) -> datetime:
        ends = sorted(
            (one.finished_at for one in self.deliveries(since, until, labels) if one.finished_at), reverse=True
        )
        return ends[limit - 1] if len(ends) >= limit else since

    def environments(self, labels: Mapping[str, str]) -> tuple[Environment, ...]:
        source, target = SourceSpec("https://git.example/site.git"), TargetSpec("directory")
        return tuple(
            Environment(i, mode, Mode(mode), source, target, labels=LABELS[mode], created_at=ago(10 * 86400))
            for i, mode in enumerate(MODES)
            if labels.items() <= LABELS[mode].items()
        )

    def deliveries(self, since: datetime, until: datetime, labels: Mapping[str, str]) -> tuple[DeliveryFact, ...]:
        fits = (one for one in self.syncs if labels.items() <= LABELS[one.mode].items())
        return tuple(one for one in fits if one.finished_at and since <= one.finished_at < until)

    def episodes(self, since: datetime, until: datetime, labels: Mapping[str, str]) -> tuple[Episode, ...]:
        return (Episode(1, 1, "pull", "pull", "a", ago(100), ago(80), ended_at=ago(50)),)

    def decisions(self, since: datetime, until: datetime, labels: Mapping[str, str]) -> Mapping[tuple[str, str], int]:
        return {("pull", "nudged"): 2}

    def audited(self, since: datetime, until: datetime, labels: Mapping[str, str]) -> frozenset[str]:
        return frozenset({"a"})

    def superseded(self, since: datetime, until: datetime, labels: Mapping[str, str]) -> tuple[CommitFact, ...]:
        return (CommitFact("pull", "pull", "0", ago(65), ago(70), "a"),)

    def missed(self, since: datetime, until: datetime, labels: Mapping[str, str]) -> tuple[CommitFact, ...]:
        return (CommitFact("push", "push", "c", ago(30)),)

    def first_live(self, labels: Mapping[str, str]) -> Mapping[str, datetime]:
        return {"push": ago(10 * 86400 - 30)}

    def polls(self, since: datetime, until: datetime) -> tuple[PollFact, ...]:
        return (PollFact("https://git.example/site.git", "", ago(90), ago(30), 7, "unreachable"),)

    def secrets(self) -> Mapping[str, datetime]:
        return {"token:ci": ago(86400)}

    @property
    def ledger(self) -> Memory:
        return self

    def page(self, **_: Any) -> tuple[Event, ...]:
        return ()

    def webhooks(self, since: datetime, until: datetime) -> Mapping[str, int]:
        return {"failed": 1}


def comparisons(memory: Memory, **options: Any) -> ComparisonQueries:
    return ComparisonQueries(cast(Store, memory), cast(Clock, memory), CATALOGUE, **options)


def test_all_kinds_of_facts_reach_their_rows() -> None:
    memory = Memory()
    found = comparisons(memory).compare(SYSTEM, "30d")
    values = {row.heading.key: (row.push.value, row.pull.value) for row in found.rows}
    assert memory.opened == 1
    assert values["lead_time"] == (6, 9)
    assert values["time_in_drift"] == (None, 30)
    assert values["audit_completeness"] == (0.5, 1)
    assert values["never_deployed"] == (0, 0.5)
    assert values["pipeline_dependence"] == (1 / 3, 0)
    assert values["first_delivery"] == (30, None)
    assert [one.n for one in found.paired] == [1, 1]
    dependence = {one.label: one.value for one in found.row("pipeline_dependence").pull.details}
    assert dependence["polls that did not reach Git (all modes)"] == 7
    assert dependence["webhooks that could not be handled (all modes)"] == 1


def test_the_window_narrows() -> None:
    found = comparisons(Memory()).compare(SYSTEM, "24h")
    assert (found.window, found.since, found.until) == ("24h", NOW - timedelta(days=1), NOW)
    assert found.row("lead_time").push.sample == (4,)


def test_without_a_window_it_is_thirty_days() -> None:
    assert comparisons(Memory()).compare(SYSTEM).window == "30d"


def test_labels_narrow_to_environments_that_carry_them() -> None:
    found = comparisons(Memory()).compare(SYSTEM, "all", "tier=front,team=web")
    assert found.labels == {"tier": "front", "team": "web"}
    assert found.environments == {"push": 0, "pull": 1}
    assert found.row("lead_time").push.n == 0


def test_the_pipeline_step_of_the_pages_counts_as_configuration() -> None:
    short, long = (comparisons(Memory(), step="line\n" * n).compare(SYSTEM).row("configuration_size") for n in (1, 9))
    assert short.push.value is not None
    assert long.push.value is not None
    assert long.push.value - short.push.value == 8


def test_a_window_with_too_much_in_it_is_cut_to_the_newest_and_says_so() -> None:
    found = comparisons(Memory(), limit=2).compare(SYSTEM, "30d")
    assert found.since == ago(60)
    assert found.note == "Only the newest 2 syncs are compared, from 2026-11-20 11:59 UTC on."
    assert found.row("lead_time").push.sample == (4,)
    assert comparisons(Memory(), limit=4).compare(SYSTEM, "30d").note == ""


def headlines(memory: Memory, later: Later = lambda _, work: work()) -> Headlines:
    return Headlines(comparisons(memory), cast(Clock, memory), later)


def test_the_headlines_are_kept_for_a_minute_and_renewed_for_the_next_one_who_asks() -> None:
    memory = Memory()
    kept = headlines(memory)
    assert kept.latest(SYSTEM) is None  # nobody waits for the first one either
    first = kept.latest(SYSTEM)
    assert first is not None
    memory.uptime += 60
    assert kept.latest(SYSTEM) is first
    memory.syncs.append(sync("push", "z", 5, 2))
    memory.uptime += 1
    assert kept.latest(SYSTEM) is first
    newer = kept.latest(SYSTEM)
    assert newer is not None
    assert newer.row("lead_time").push.n == first.row("lead_time").push.n + 1
    assert memory.opened == 2


def test_while_the_headlines_are_renewed_others_get_those_before() -> None:
    memory, waiting = Memory(), list[Callable[[], object]]()
    kept = headlines(memory, lambda _, work: waiting.append(work))
    kept.latest(SYSTEM)
    waiting.pop()()
    first = kept.latest(SYSTEM)
    memory.uptime += 3600
    assert [kept.latest(SYSTEM) for _ in range(3)] == [first] * 3
    assert len(waiting) == 1  # renewed once, however many ask
    waiting.pop()()
    assert kept.latest(SYSTEM) is not first


@pytest.mark.parametrize(("window", "labels", "field"), [("8d", "", "window"), ("7d", "team", "labels")])
def test_a_wrong_question_is_refused_before_the_store_is_asked(window: str, labels: str, field: str) -> None:
    memory = Memory()
    with pytest.raises(InvalidInput) as caught:
        comparisons(memory).compare(SYSTEM, window, labels)
    assert list(caught.value.fields) == [field]
    assert memory.opened == 0
