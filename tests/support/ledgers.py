"""Made-up ledgers for the comparison: deliveries whose durations are drawn by a known rule."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from app.comparison import Comparison, Evidence, compare_modes, parse_window
from app.comparison.delivery_facts import DeliveryFact
from app.domain.environment import Environment, Mode, SourceSpec, TargetSpec
from app.domain.operation import Outcome, Phase, Trigger
from app.domain.state.drift import Ending, Episode

END = datetime(2026, 11, 29, 12, tzinfo=UTC)
WINDOW = parse_window("30d", END)
START = END - timedelta(days=28)
DAY = 86_400.0


@dataclass(frozen=True)
class Rule:
    """How a ledger comes about. `environments` and `deliveries`: of each mode, and of each of those; `own`: the
    standard deviation (log) of what environments differ by; `spread`: of single values; `leaning`: autocorrelation of
    an environment's values in time; `common`: whether the environments of a mode lean together; `daily`: amplitude
    (log) of a rhythm of the day; `factor`: how much slower pull is; `paired`: whether both modes get the same commits;
    `alike`: whether the environments have one source; `one_leans`: whether pull alone leans."""

    environments: int = 8
    deliveries: int = 20
    own: float = 0.0
    spread: float = 0.5
    leaning: float = 0.0
    common: bool = False
    daily: float = 0.0
    factor: float = 1.0
    paired: bool = False
    alike: bool = False
    one_leans: bool = False


def page(rule: Rule, seed: int) -> Comparison:
    """The page of one made-up ledger."""
    return compare_modes(ledger(rule, seed))


def ledger(rule: Rule, seed: int) -> Evidence:
    """Deliveries, drift and environments of both modes."""
    chance = Random(f"{seed}")
    facts: list[DeliveryFact] = []
    episodes: list[Episode] = []
    environments: list[Environment] = []
    gap = 27 * DAY / rule.deliveries
    for mode in ("push", "pull"):
        slow = math.log(rule.factor) if mode == "pull" else 0.0
        leaning = 0.0 if rule.one_leans and mode == "push" else rule.leaning
        shared = _leaning(chance, rule.deliveries, leaning)
        for number in range(rule.environments):
            one = _environment(mode, number, rule.alike)
            environments.append(one)
            own = chance.gauss(0, rule.own) + slow
            moves = shared if rule.common else _leaning(chance, rule.deliveries, leaning)
            for turn in range(rule.deliveries):
                at = START + timedelta(seconds=gap * (turn + (0.0 if rule.paired else chance.random())))
                move = moves[turn] if leaning else chance.gauss(0, 1)
                hour = rule.daily * math.sin(2 * math.pi * (at.hour * 3600 + at.minute * 60) / DAY)
                revision = f"{turn}" if rule.paired else f"{mode}-{number}-{turn}"
                noticing, applying = (
                    10 * math.exp(own + hour + rule.spread * (move + chance.gauss(0, 0.5))) for _ in range(2)
                )
                facts.append(_delivery(one, f"{revision:0>40}", at, noticing, noticing + applying))
                if turn % 5 == 0:
                    lasted = 60 * math.exp(own + chance.gauss(0, 0.7))
                    episodes.append(_episode(len(episodes), one, at, 30 * math.exp(own + chance.gauss(0, 0.7)), lasted))
    return Evidence(WINDOW, tuple(facts), tuple(episodes), tuple(environments))


def _leaning(chance: Random, count: int, leaning: float) -> list[float]:
    """A series of variance one in which each value leans on the one before."""
    value, found = chance.gauss(0, 1), []
    for _ in range(count):
        found.append(value)
        value = leaning * value + math.sqrt(1 - leaning * leaning) * chance.gauss(0, 1)
    return found


def _environment(mode: str, number: int, alike: bool) -> Environment:
    source = SourceSpec("https://git.example/site.git" if alike else f"https://git.example/{mode}-{number}.git")
    identifier = number * 2 + (mode == "pull")
    return Environment(
        identifier,
        f"{mode}-{number}",
        Mode(mode),
        source,
        TargetSpec("directory"),
        created_at=START - timedelta(days=9),
    )


def _delivery(one: Environment, revision: str, at: datetime, noticing: float, lead: float) -> DeliveryFact:
    noticed, live = at + timedelta(seconds=noticing), at + timedelta(seconds=lead)
    trigger = Trigger.WEBHOOK if one.mode is Mode.PUSH else Trigger.SCHEDULE
    return DeliveryFact(
        f"{one.name}-{revision}", one.name, one.mode.value, trigger, Phase.SUCCEEDED, Outcome.DEPLOYED, revision,
        noticed, live, at, at, noticed, noticed, noticed, live, live, False,
    )  # fmt: skip


def _episode(number: int, one: Environment, at: datetime, unseen: float, lasted: float) -> Episode:
    found = at + timedelta(seconds=unseen)
    return Episode(
        number, one.id, one.name, one.mode.value, None, at, found, ended_at=found + timedelta(seconds=lasted),
        ending=Ending.HEALED,
    )  # fmt: skip


def winners(found: Comparison) -> Sequence[str]:
    """The keys of all rows and pairings that name a winner."""
    rows = [row.heading.key for row in found.rows if row.verdict.winner]
    return rows + [pairing.heading.key for pairing in found.paired if pairing.verdict.winner]


def named(rule: Rule, seeds: int, right: Callable[[Comparison], bool] = lambda found: bool(winners(found))) -> float:
    """On which share of pages there is a winner."""
    return sum(right(page(rule, seed)) for seed in range(seeds)) / seeds


FALSE: Mapping[str, Rule] = {
    "independent values, 8 environments": Rule(),
    "independent values, 20 environments": Rule(20),
    "4 environments, effects of their own": Rule(4, own=0.5),
    "8 environments, effects of their own": Rule(8, own=0.5),
    "20 environments, effects of their own": Rule(20, own=0.5),
    "5 environments, effects of their own": Rule(5, own=0.5),
    "autocorrelation 0.9, one environment a mode": Rule(1, 60, leaning=0.9),
    "autocorrelation 0.9 in pull alone, one environment": Rule(1, 60, leaning=0.9, one_leans=True),
    "autocorrelation 0.9 within 8 environments": Rule(8, leaning=0.9),
    "autocorrelation 0.9 within 8 environments of pull": Rule(8, leaning=0.9, one_leans=True),
    "autocorrelation 0.9 common to the 8 of a mode": Rule(8, leaning=0.9, common=True),
    "daily rhythm, 8 environments": Rule(8, daily=1.0),
    "same commits, 4 environments, effects of their own": Rule(4, own=0.5, paired=True, alike=True),
    "same commits, 8 environments, effects of their own": Rule(8, own=0.5, paired=True, alike=True),
    "same commits, 20 environments, effects of their own": Rule(20, own=0.5, paired=True, alike=True),
    "same commits, one environment a mode, effects of their own": Rule(1, own=0.5, paired=True),
    "same commits to twins": Rule(1, 20, paired=True, alike=True),
    "same commits to twins, autocorrelation 0.9": Rule(1, 40, leaning=0.9, paired=True, alike=True),
    "same commits to twins, daily rhythm": Rule(1, 40, daily=1.0, paired=True, alike=True),
    "same commits to 8, autocorrelation 0.9 common to a mode": Rule(
        8, leaning=0.9, common=True, paired=True, alike=True
    ),
}
FOUND: Mapping[str, Rule] = {
    "8 environments, 20 deliveries each": Rule(8, own=0.2, factor=2),
    "8 environments, effects of 0.3": Rule(8, own=0.3, factor=2),
    "8 environments, effects of 0.5": Rule(8, own=0.5, factor=2),
    "same commits, 8 environments": Rule(8, own=0.3, factor=2, paired=True, alike=True),
    "15 pairs of twins": Rule(1, 15, factor=2, paired=True, alike=True, spread=0.4),
}
