"""Drift and the way back: how long until it is found, mended, and restored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from app.comparison.counted import Counted
from app.comparison.evidence import Evidence
from app.comparison.judgement import Measure, Phrases, detail
from app.comparison.measures.entry import Entry
from app.comparison.measures.failures import DEFINITION, ended, failures
from app.comparison.measures.told_by_others import told_by
from app.comparison.result import Detail, Heading
from app.comparison.timing.clock_chain import live
from app.domain.actor import SELF_HEAL, Actor, ActorKind
from app.domain.operation import Phase, Trigger
from app.domain.state.drift import Ending, Episode
from app.wording.quantities import listed


def _episodes(evidence: Evidence, mode: str) -> list[Episode]:
    return [one for one in evidence.episodes if one.mode == mode]


def _found(evidence: Evidence, mode: str) -> Measure:
    episodes = _episodes(evidence, mode)
    bounded = [Counted.lasting(one.last_good_at, one.detected_at, one) for one in episodes if one.last_good_at]
    details = [detail("mean", sum(case.value for case in bounded) / len(bounded), "s")] if bounded else []
    if len(bounded) < len(episodes):
        details.append(detail("episodes without an earlier comparison", len(episodes) - len(bounded)))
    return Measure(mode, bounded, tuple(details))


def _drifting(evidence: Evidence, mode: str) -> Measure:
    episodes, until = _episodes(evidence, mode), evidence.window.until
    lasted = [
        Counted.lasting(
            one.detected_at,
            min(one.ended_at or until, until),
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


def _restoring(evidence: Evidence, mode: str) -> Measure:
    asked = [fact for fact in evidence.finished[mode] if fact.trigger is Trigger.ROLLBACK]
    done = [fact for fact in asked if fact.phase is Phase.SUCCEEDED]
    timed = [fact for fact in done if not fact.told_by or fact.applied_at]  # else nobody told when it began
    took = [Counted.lasting(fact.created_at, live(fact), fact) for fact in timed]
    starters = Counter(f"asked for {who(fact.initiated_by)}" for fact in asked)
    details = [detail(label, count) for label, count in starters.most_common()]
    details += [detail("did not succeed", len(asked) - len(done))] if len(asked) > len(done) else []
    details += told_by(took)
    return Measure(mode, took, tuple(details))


def _recovering(evidence: Evidence, mode: str) -> Measure:
    spells = [spell for of in failures(evidence, mode).values() for spell in of.spells]
    until, open_ = evidence.window.until, sum(good is None for _, good in spells)
    mended = Counter("mended by going back" if good.trigger is Trigger.ROLLBACK else "mended going forward"
                     for _, good in spells if good)  # fmt: skip
    details = [detail(how, count) for how, count in mended.most_common()]
    details += [detail("still unwell", open_)] if open_ else []
    cases = [
        Counted.lasting(
            ended(bad), live(good) if good else until, bad, also=(good,) if good else (), ended=good is not None
        )
        for bad, good in spells
    ]
    return Measure(mode, cases, (*details, *told_by(cases)))


_OPEN = (
    "Of what is still open it is known that it lasts at least so long; the median makes use of that, so that long ones "
    "are not left out."
)

ENTRIES = (
    Entry(
        Heading(
            key="drift_found",
            criterion="drift",
            title="Drift: undetected for",
            question="How long can a change on the target go unseen?",
            unit="s",
            better="lower",
            needed=10,
            definition=(
                "From the last comparison that found live equal to desired until the one that found drift: the longest "
                "that the change can have gone unseen. Episodes without an earlier comparison are left out."
            ),
            events="Drift episodes: the last comparison before that found none, and the one that found it.",
            formula="median of `detected − last good`, an upper bound: the change itself leaves no trace",
            exclusions="Episodes without an earlier comparison, which have no bound; they are counted beside it.",
            source="OpenGitOps: continuously reconciled; the bound is ours",
        ),
        Phrases("{Mode}: drift went unseen for at most {value} ({of}).", "No {mode} drift has been found.", "shorter"),
        _found,
    ),
    Entry(
        Heading(
            key="time_in_drift",
            criterion="drift",
            title="Drift: time until mended",
            question="How long does drift last once it is found?",
            unit="s",
            better="lower",
            needed=10,
            definition=(
                "From the detection of a drift episode to its end (healed, adopted, ignored or superseded). Of "
                "episodes that are still open it is known that they last at least so long; the median makes use of "
                "that (Kaplan and Meier), so that long ones are not left out."
            ),
            events="Drift episodes: detection, end, how they ended and by whom.",
            formula="Kaplan–Meier median of `ended − detected`; open episodes are censored at the window's end",
            exclusions=f"None. {_OPEN}",
            source="OpenGitOps: continuously reconciled; the figure is ours",
        ),
        Phrases(
            "{Mode}: drift lasted {value} after it was found ({of}).", "No {mode} drift has been found.", "shorter"
        ),
        _drifting,
    ),
    Entry(
        Heading(
            key="time_to_restore",
            criterion="rollback",
            title="Rollback: request to healthy",
            question="How long does a rollback take?",
            unit="s",
            better="lower",
            needed=10,
            definition=(
                "From the request for a rollback until the earlier revision was live and its health check passed; "
                "rollbacks that failed are counted beside it."
            ),
            events="Finished syncs started by a rollback: request, end of the change, end of the health check.",
            formula="median of `healthy − requested`; without a check `applied − requested`",
            exclusions=(
                "Rollbacks that did not succeed: they have no such end; they are counted beside it. Rollbacks by "
                "others that do not tell when they began."
            ),
            source="ours",
        ),
        Phrases(
            "With {mode}, a rollback was live {value} after it was asked for ({of}).",
            "No {mode} environment has been rolled back.",
            "sooner",
        ),
        _restoring,
    ),
    Entry(
        Heading(
            key="recovery",
            criterion="rollback",
            title="Failed-deployment recovery time",
            question="How long does an environment stay broken after a bad release?",
            unit="s",
            better="lower",
            needed=10,
            definition=(
                "From the end of the sync that failed, or that was rolled back later, until the next sync that ended "
                f"well, forward or back. {DEFINITION} Of environments that are still unwell it is known that it takes "
                "at least so long; the median makes use of that (Kaplan and Meier)."
            ),
            events="Finished syncs with outcome and health check, in the order of their ends, for each environment.",
            formula="Kaplan–Meier median of `live of the mending sync − end of the failed one`",
            exclusions=(
                "Further failures before the mend: they belong to the same spell. Syncs that were refused or could not "
                f"run: nothing broke. {_OPEN}"
            ),
            source="DORA: failed deployment recovery time",
        ),
        Phrases(
            "With {mode}, an environment was well again {value} after a bad release ({of}).",
            "No {mode} deployment has failed.",
            "sooner",
        ),
        _recovering,
    ),
)
