"""What the rules of the advice go by: one environment's figures, as they were measured."""

from __future__ import annotations

from dataclasses import dataclass

from app.comparison.outlook.recorded_commits import recorded
from app.comparison.outlook.trade_offs import Compared
from app.comparison.outlook.what_if import OutlookWay, WhatIf
from app.comparison.result import Cell, ComparisonRow
from app.domain.environment import Environment, Mode, RunsOn
from app.domain.external.system_registry import title_of
from app.domain.operation import Trigger


@dataclass(frozen=True, slots=True)
class MeasuredFacts:
    """One environment in a window. None: not known.

    `delivered`, `commits`, `overtaken`: timed commits that went live, all timed ones, and those that never went live by
    themselves (of a push environment also how many would not, polled); `waited_s`: the median wait until a commit was
    noticed, of `waits`; `work_s`: the median work of a delivery; `polled_s`: seconds from visible to live had it been
    polled, beside the `live_s` that was; `lost` of `awaited`: commits whose webhook or pipeline never came; `tokens`:
    how many pipelines' tokens delivered; `called`: the share of deliveries that a webhook or pipeline started;
    `sooner`, `verdict`: the mode that the comparison of all environments finds sooner, "" for neither, and its words.
    """

    mode: str
    by_agent: bool
    shadow: bool
    others: str
    self_heal: bool
    delivered: int
    commits: int
    overtaken: float
    overtaken_polled: float | None
    waited_s: float | None
    waits: int
    work_s: float | None
    live_s: float | None
    polled_s: float | None
    interval_s: float
    lost: int
    awaited: int
    episodes: int
    tokens: int
    called: float
    sooner: str
    verdict: str


def measured_facts(own: Compared, every: Compared, environment: Environment, reckoned: WhatIf) -> MeasuredFacts:
    """What was measured of one environment alone, and of all; and what is reckoned from it at its own interval."""
    mode = environment.mode.value
    known, facts = recorded(own.evidence, mode), own.evidence.finished[mode]
    waits, lost = (_cell(own.row(key), environment) for key in ("noticed", "pipeline_dependence"))
    found = every.row("visible_to_live")
    sooner = found.verdict if found else None
    called = [fact for fact in facts if fact.trigger in (Trigger.PIPELINE, Trigger.WEBHOOK)]
    pull = _predicted(reckoned, "pull")
    return MeasuredFacts(
        mode=mode,
        by_agent=environment.runs_on is RunsOn.AGENT,
        shadow=environment.policy.observe,
        others=title_of(environment.external.system) if environment.external else "",
        self_heal=environment.policy.self_heal,
        delivered=len(known.delivered),
        commits=len(known.commits),
        overtaken=known.overtaken,
        overtaken_polled=None if pull is None else pull.get("superseded"),
        waited_s=waits.value if waits else None,
        waits=waits.n if waits else 0,
        work_s=known.took_s,
        live_s=_figures(reckoned.ways[0]).get("visible_to_live"),
        polled_s=None if pull is None else pull.get("visible_to_live"),
        interval_s=reckoned.interval_s,
        lost=_hits(lost),
        awaited=lost.n if lost else 0,
        episodes=sum(one.mode == mode for one in own.evidence.episodes),
        tokens=len({fact.initiated_by for fact in facts if fact.trigger is Trigger.PIPELINE and fact.initiated_by}),
        called=len(called) / len(facts) if facts else 0.0,
        sooner=sooner.winner if sooner else "",
        verdict=sooner.text if sooner else "",
    )


def _cell(row: ComparisonRow | None, environment: Environment) -> Cell | None:
    if row is None:
        return None
    return row.push if environment.mode is Mode.PUSH else row.pull


def _hits(cell: Cell | None) -> int:
    return round((cell.value or 0.0) * cell.n) if cell else 0


def _predicted(reckoned: WhatIf, mode: str) -> dict[str, float] | None:
    return next((_figures(way) for way in reckoned.ways if way.kind == "predicted" and way.mode == mode), None)


def _figures(way: OutlookWay) -> dict[str, float]:
    return {one.key: one.value for one in way.figures if one.value is not None}
