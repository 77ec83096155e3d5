"""What the other mode would have given an environment, from what its ledger recorded in the one that it ran in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.comparison.evidence import Evidence
from app.comparison.outlook.drift_outlook import DriftOutlook, Lasted, heals
from app.comparison.outlook.other_mode import called, polled
from app.comparison.outlook.recorded_commits import Recorded, recorded
from app.comparison.statistics import median
from app.domain.environment import Environment, Mode
from app.domain.external import SYSTEMS
from app.wording.quantities import amount, plural
from app.wording.times import duration, every

NEEDED = 5  # commits, before anything is said of others
DAY_S = 86400.0
MAX_S = 604_800  # of an interval and of a pipeline's delay that may be asked for
PHASE = "Each commit waits for the next poll, whose moment nobody knows: each is as likely, {half} on average."
NEWEST = "Of several commits between two polls, or that wait for a delivery, only the newest goes live."
WORK = (
    "Fetching, planning and applying take as long as this environment's own deliveries took, each commit its own time."
)
SHARED = "No other environment has the same repository asked more often: one poll serves all of them."
NO_PIPELINE = "not known: nobody has measured how long a pipeline takes to call; say how long"


@dataclass(frozen=True, slots=True)
class Looks:
    """How often Git was asked what it holds, as polls were recorded: `times` within `span_s` seconds."""

    times: int
    span_s: float

    @property
    def per_day(self) -> float | None:
        """None where too little was recorded to tell."""
        return (self.times - 1) * DAY_S / self.span_s if self.times > 1 and self.span_s > 0 else None


@dataclass(frozen=True, slots=True)
class WhatIfQuestion:
    """What is asked: the poll's interval, and the seconds from a commit's being visible to its pipeline's call (None:
    as measured at the environments that are pushed to)."""

    interval_s: float
    pipeline_s: float | None = None


@dataclass(frozen=True, slots=True)
class OutlookFigure:
    """One figure. `value`: seconds, a share of commits, or looks per day; None where it is not known, and `text` says
    why; `n`: of how many commits or episodes it is made."""

    key: str
    title: str
    unit: str
    value: float | None
    n: int
    text: str


@dataclass(frozen=True, slots=True)
class OutlookWay:
    """One way of delivering. `kind`: "measured" or "predicted"; `assumptions` go with what is predicted."""

    mode: str
    kind: str
    title: str
    figures: tuple[OutlookFigure, ...]
    assumptions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What was measured in an environment beside what would have been. `missing`: why nothing is said, "" otherwise;
    `pipeline_s`: the median delay of a pipeline that was reckoned with, None where none is known."""

    environment: str
    mode: str
    interval_s: float
    pipeline_s: float | None
    since: datetime
    until: datetime
    ways: tuple[OutlookWay, ...]
    missing: str = ""
    untimed: int = 0


def what_if(
    evidence: Evidence, environment: Environment, wish: WhatIfQuestion, pipelines: Sequence[float], looks: Looks | None
) -> WhatIf:
    """Evidence of one environment, read as if commits had been noticed otherwise. `pipelines`: how long pipelines took
    to call elsewhere here, seconds each; `looks`: None where others look at Git than this server."""
    mode = environment.mode.value
    known = recorded(evidence, mode)
    span = evidence.window.since, evidence.window.until
    delays = [wish.pipeline_s] if wish.pipeline_s is not None else list(pipelines)
    typical = median(delays) if delays else None
    missing = _missing(environment, known)
    episodes = [one for one in evidence.episodes if one.mode == mode]
    drift = DriftOutlook(episodes, evidence.window, known, _healing(evidence, known))
    ways = [_measured(environment, known, evidence, drift, looks)]
    if not missing:
        if environment.mode is Mode.PULL:
            ways.append(_push(known, evidence, drift, delays, stated=wish.pipeline_s is not None))
        ways.append(_pull(known, evidence, drift, wish.interval_s))
    return WhatIf(environment.name, mode, wish.interval_s, typical, *span, tuple(ways), missing, known.untimed)


def _missing(environment: Environment, known: Recorded) -> str:
    if environment.policy.observe:
        return "A shadow delivers nothing, so nothing was measured that could be read otherwise."
    if environment.external:
        system = SYSTEMS.get(environment.external.system)
        who = system.title if system else "Another system"
        return f"{who} delivers here, and does not tell when a commit could be seen and how long the work took."
    if len(known.delivered) < NEEDED:
        there = plural(len(known.delivered), "delivery", "deliveries")
        return (
            f"Not known yet: {there} with all times in this window, {NEEDED} are needed. Each further commit that goes "
            "live counts; a first delivery does not, since it brings what was there before."
        )
    return ""


def _healing(evidence: Evidence, known: Recorded) -> float | None:
    """Seconds that a heal takes: as measured, or as a delivery's work; None where neither is known."""
    healed = heals(evidence)
    return median(healed) if healed else known.took_s


# --- ways ---
def _measured(
    environment: Environment, known: Recorded, evidence: Evidence, drift: DriftOutlook, looks: Looks | None
) -> OutlookWay:
    waits = tuple(one.live_s - one.visible_s for one in known.delivered if one.live_s is not None)
    figures = (
        _lead(waits, len(known.delivered)),
        _overtaken(float(known.overtaken), len(known.commits)),
        _drift(drift.measured()),
        _looked(looks),
    )
    mode = environment.mode.value
    title = f"{mode}, as it was"
    if environment.mode is Mode.PULL:
        title += f", {every(environment.policy.interval_s)}"
    return OutlookWay(mode, "measured", title, figures)


def _pull(known: Recorded, evidence: Evidence, drift: DriftOutlook, interval_s: float) -> OutlookWay:
    course = polled(known.commits, interval_s)
    looks = DAY_S / interval_s
    figures = (
        _lead(course.waits, course.n),
        _overtaken(course.overtaken, course.n),
        _drift(drift.healed_at_once()),
        _figure("looks", looks, 0, f"one look {every(interval_s)}, whether anything is new or not"),
    )
    assumptions = (PHASE.format(half=duration(interval_s / 2)), NEWEST, WORK, SHARED, *drift.assumptions(heals=True))
    return OutlookWay("pull", "predicted", f"pull {every(interval_s)}", figures, assumptions)


def _push(
    known: Recorded, evidence: Evidence, drift: DriftOutlook, delays: Sequence[float], *, stated: bool
) -> OutlookWay:
    ahead = tuple(_figure(key, None, 0, NO_PIPELINE) for key in ("visible_to_live", "superseded"))
    if delays:
        course = called(known.commits, delays)
        ahead = _lead(course.waits, course.n), _overtaken(course.overtaken, course.n)
    days = (evidence.window.until - _start(known, evidence)).total_seconds() / DAY_S
    looks = len(known.commits) / days if days > 0 else None
    told = "a look and a fetch for each commit; without the poll that finds lost calls"
    figures = (*ahead, _drift(drift.left_alone()), _figure("looks", looks, len(known.commits), told))
    return OutlookWay("push", "predicted", "push by a pipeline", figures, _push_assumptions(drift, delays, stated))


def _push_assumptions(drift: DriftOutlook, delays: Sequence[float], stated: bool) -> tuple[str, ...]:
    if stated:
        told = f"A pipeline calls {duration(delays[0])} after a commit can be seen: your assumption, not measured."
    elif delays:
        told = (
            f"Pipelines call as late as at the environments that are pushed to here: {duration(median(delays))} after "
            f"a commit can be seen (median of {len(delays):,})."
        )
    else:
        told = "How long a pipeline takes to call is not known."
    return (
        told,
        "Every call comes; in truth, one that gets lost waits for a poll or for a person.",
        WORK,
        *drift.assumptions(heals=False),
    )


def _start(known: Recorded, evidence: Evidence) -> datetime:
    """From when on commits are known: the window's start, or the first commit in it."""
    return evidence.window.since + timedelta(seconds=max(0.0, known.commits[0].visible_s))


# --- figures ---
TITLES = {
    "visible_to_live": ("Visible to live", "s"),
    "superseded": ("Commits overtaken", "share"),
    "time_in_drift": ("Time in drift", "s"),
    "looks": ("Looks at Git", "per day"),
}


def _figure(key: str, value: float | None, n: int, text: str) -> OutlookFigure:
    return OutlookFigure(key, *TITLES[key], value, n, text)


def _lead(waits: Sequence[float], n: int) -> OutlookFigure:
    if not waits:
        return _figure("visible_to_live", None, 0, "not known: no delivery with all times in this window")
    return _figure("visible_to_live", median(waits), n, f"median of {plural(n, 'commit')} from visible to live")


def _overtaken(count: float, n: int) -> OutlookFigure:
    if not n:
        return _figure("superseded", None, 0, "not known: no commit with all times in this window")
    told = amount(round(count, 1), "")
    return _figure("superseded", count / n, n, f"{told} of {plural(n, 'commit')} never live by themselves")


def _drift(found: Lasted) -> OutlookFigure:
    return _figure("time_in_drift", found.median_s, found.n, found.text)


def _looked(looks: Looks | None) -> OutlookFigure:
    if looks is None:
        return _figure("looks", None, 0, "not known: an agent looks at Git, and keeps no count")
    if looks.per_day is None:
        return _figure("looks", None, 0, "not known: fewer than two polls are on record")
    return _figure("looks", looks.per_day, looks.times, "polls of its repository on record, for all that use it")
