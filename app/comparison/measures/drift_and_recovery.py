"""Drift and the way back: how long until it is found, mended, and restored."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from app.comparison.counted import Counted
from app.comparison.delivery_facts import DeliveryFact
from app.comparison.evidence import MODES, Evidence
from app.comparison.judgement import Measure, Phrases, detail, times
from app.comparison.measures.told_by_others import told_by
from app.comparison.result import ComparisonRow, Detail, Heading
from app.comparison.timing.clock_chain import live
from app.domain.actor import SELF_HEAL, Actor, ActorKind
from app.domain.operation import Outcome, Phase, Trigger
from app.domain.state.drift import Ending, Episode
from app.wording.quantities import listed

DRIFT_FOUND = Heading(
    "drift_found",
    "drift",
    "Drift: undetected for",
    "How long can a change on the target go unseen?",
    "s",
    "lower",
    10,
    "From the last comparison that found live equal to desired until the one that found drift: the longest that the "
    "change can have gone unseen. Episodes without an earlier comparison are left out.",
)
TIME_IN_DRIFT = Heading(
    "time_in_drift",
    "drift",
    "Drift: time until mended",
    "How long does drift last once it is found?",
    "s",
    "lower",
    10,
    "From the detection of a drift episode to its end (healed, adopted, ignored or superseded). Of episodes "
    "that are still open it is known that they last at least so long; the median makes use of that (Kaplan and Meier), "
    "so that long ones are not left out.",
)
TIME_TO_RESTORE = Heading(
    "time_to_restore",
    "rollback",
    "Rollback: request to healthy",
    "How long does a rollback take?",
    "s",
    "lower",
    10,
    "From the request for a rollback until the earlier revision was live and its health check passed; rollbacks that "
    "failed are counted beside it.",
)
RECOVERY = Heading(
    "recovery",
    "rollback",
    "From a bad release to well again",
    "How long does an environment stay broken after a bad release?",
    "s",
    "lower",
    10,
    "From the end of the first sync that left a revision live but unhealthy until the next sync that ended well, "
    "forward or back. Of environments that are still unwell it is known that it takes at least so long; the median "
    "makes use of that (Kaplan and Meier).",
)


def _episodes(evidence: Evidence, mode: str) -> list[Episode]:
    return [one for one in evidence.episodes if one.mode == mode]


def drift_found(evidence: Evidence) -> ComparisonRow:
    """The row DRIFT_FOUND."""
    says = Phrases(
        "{Mode}: drift went unseen for at most {value} ({of}).", "No {mode} drift has been found.", "shorter"
    )
    return times(DRIFT_FOUND, says, *(_found_by(evidence, mode) for mode in MODES))


def _found_by(evidence: Evidence, mode: str) -> Measure:
    episodes = _episodes(evidence, mode)
    bounded = [Counted(_seconds(one.last_good_at, one.detected_at), one) for one in episodes if one.last_good_at]
    details = [detail("mean", sum(case.value for case in bounded) / len(bounded), "s")] if bounded else []
    if len(bounded) < len(episodes):
        details.append(detail("episodes without an earlier comparison", len(episodes) - len(bounded)))
    return Measure(mode, bounded, tuple(details))


def time_in_drift(evidence: Evidence) -> ComparisonRow:
    """The row TIME_IN_DRIFT."""
    says = Phrases(
        "{Mode}: drift lasted {value} after it was found ({of}).", "No {mode} drift has been found.", "shorter"
    )
    return times(TIME_IN_DRIFT, says, *(_drifting(evidence, mode) for mode in MODES))


def _drifting(evidence: Evidence, mode: str) -> Measure:
    episodes = _episodes(evidence, mode)
    until = evidence.window.until
    lasted = [
        Counted(
            _seconds(one.detected_at, min(one.ended_at or until, until)),
            one,
            note=_ending(one),
            ended=one.ended_at is not None and one.ended_at <= until,
        )
        for one in episodes
    ]
    return Measure(mode, lasted, _endings(episodes), _answered(episodes))


def _endings(episodes: Iterable[Episode]) -> tuple[Detail, ...]:
    ends = Counter(_ending(one) for one in episodes)
    return tuple(detail(label, count) for label, count in ends.most_common())


def _answered(episodes: Sequence[Episode]) -> str:
    """Who healed drift, as a sentence."""
    healed = Counter(who(one.ended_by) for one in episodes if one.ending is Ending.HEALED)
    words = [f"{name} {count:,} times" if count > 1 else f"{name} once" for name, count in healed.most_common()]
    return f"Healed {listed(words)}." if words else ""


def _ending(episode: Episode) -> str:
    if episode.ended_at is None:
        return "still open"
    how = episode.ending.value if episode.ending else "ended"
    return f"{how} {who(episode.ended_by)}"


STARTERS = {ActorKind.USER: "by a person", ActorKind.TOKEN: "by a script"}


def who(actor: str) -> str:
    """An actor as a kind: "by a person", "by a script", "by self-heal", "from outside", "by the system"."""
    found = Actor.parse(actor)
    if actor == "outside":
        return "from outside"
    if found.kind in STARTERS:
        return STARTERS[found.kind]
    return "by self-heal" if found.name in ("self_heal", SELF_HEAL.name) else "by the system"


def time_to_restore(evidence: Evidence) -> ComparisonRow:
    """The row TIME_TO_RESTORE."""
    says = Phrases(
        "With {mode}, a rollback was live {value} after it was asked for ({of}).",
        "No {mode} environment has been rolled back.",
        "sooner",
    )
    return times(TIME_TO_RESTORE, says, *(_restoring(evidence, mode) for mode in MODES))


def _restoring(evidence: Evidence, mode: str) -> Measure:
    asked = [fact for fact in evidence.finished[mode] if fact.trigger is Trigger.ROLLBACK]
    done = [fact for fact in asked if fact.phase is Phase.SUCCEEDED]
    timed = [fact for fact in done if not fact.told_by or fact.applied_at]  # else nobody told when it began
    took = [Counted(_seconds(fact.created_at, live(fact)), fact) for fact in timed]
    starters = Counter(f"asked for {who(fact.initiated_by)}" for fact in asked)
    details = [detail(label, count) for label, count in starters.most_common()]
    details += [detail("did not succeed", len(asked) - len(done))] if len(asked) > len(done) else []
    details += told_by(took)
    return Measure(mode, took, tuple(details))


def recovery(evidence: Evidence) -> ComparisonRow:
    """The row RECOVERY."""
    says = Phrases(
        "With {mode}, an environment was well again {value} after a bad release ({of}).",
        "No {mode} release has left an environment unhealthy.",
        "sooner",
    )
    return times(RECOVERY, says, *(_recovering(evidence, mode) for mode in MODES))


def _recovering(evidence: Evidence, mode: str) -> Measure:
    by_environment: dict[str, list[DeliveryFact]] = defaultdict(list)
    for fact in sorted(evidence.finished[mode], key=_ended):
        by_environment[fact.environment].append(fact)
    spells = [spell for facts in by_environment.values() for spell in _spells(facts)]
    until = evidence.window.until
    open_ = sum(end is None for _, end in spells)
    details = (detail("still unwell", open_),) if open_ else ()
    cases = [
        Counted(
            _seconds(_ended(bad), live(good) if good else until), bad, (good,) if good else (), ended=good is not None
        )
        for bad, good in spells
    ]
    return Measure(mode, cases, details)


def _spells(facts: Sequence[DeliveryFact]) -> list[tuple[DeliveryFact, DeliveryFact | None]]:
    """Stretches of being unwell in one environment's syncs, from what broke it to what mended it, oldest first; the
    last may be open."""
    spells: list[tuple[DeliveryFact, DeliveryFact | None]] = []
    broken: DeliveryFact | None = None
    for fact in facts:
        if fact.phase is Phase.SUCCEEDED and broken:
            spells.append((broken, fact))
            broken = None
        elif fact.outcome is Outcome.FAILED and fact.applied_at and broken is None:
            broken = fact
    return [*spells, (broken, None)] if broken else spells


def _ended(fact: DeliveryFact) -> datetime:
    return fact.finished_at or fact.created_at


def _seconds(start: datetime, end: datetime) -> float:
    return max(0.0, (end - start).total_seconds())
