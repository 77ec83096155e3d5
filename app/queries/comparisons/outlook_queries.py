"""What the other mode would have given an environment, and what to choose for it, from stored facts."""

from __future__ import annotations

from collections.abc import Sequence

from app.comparison import Evidence, Question, Window, compare_modes, rows_of
from app.comparison.outlook.advice import Advice, advice
from app.comparison.outlook.trade_offs import Compared
from app.comparison.outlook.what_if import Looks, WhatIf, WhatIfQuestion, what_if
from app.domain.environment import Environment, Mode, RunsOn
from app.domain.identity import Identity
from app.domain.operation import Trigger
from app.ports import Ports
from app.queries.comparisons.comparison_queries import ComparisonQueries
from app.queries.visibility import visible_environment

CALLS = (Trigger.PIPELINE, Trigger.WEBHOOK)
RUNS = 500  # of polls with one result, the newest


class OutlookQueries:
    """Reads what happened to an environment as what could have."""

    def __init__(self, ports: Ports, comparison: ComparisonQueries) -> None:
        self._store, self._comparison = ports.store, comparison

    def what_if(
        self,
        identity: Identity,
        name: str,
        interval_s: float | None = None,
        pipeline_s: float | None = None,
        window: str = "",
    ) -> WhatIf:
        """What was measured beside what the other mode would have given, polled every `interval_s` seconds (None: the
        environment's own interval), or called by a pipeline `pipeline_s` seconds after a commit can be seen (None: as
        measured at environments that are pushed to). `window` as in a comparison. Raises EnvironmentNotFound and
        InvalidInput (field "window")."""
        environment = self._environment(identity, name)
        own = self._comparison.evidence(identity, Question(window, environment=name))
        pipelines: Sequence[float] = ()
        if environment.mode is Mode.PULL and pipeline_s is None:
            pipelines = calls(self._comparison.evidence(identity, Question(window)))
        return self._reckoned(environment, own, interval_s, pipeline_s, pipelines)

    def advice(self, identity: Identity, name: str, window: str = "") -> Advice:
        """What to choose for an environment, and what was measured for and against it. Raises as `what_if` does."""
        environment = self._environment(identity, name)
        own = self._comparison.evidence(identity, Question(window, environment=name))
        every = self._comparison.evidence(identity, Question(window))
        reckoned = self._reckoned(environment, own, None, None, calls(every))
        both = Compared(own, rows_of(own)), Compared(every, compare_modes(every).rows)
        return advice(*both, environment, reckoned)

    def _environment(self, identity: Identity, name: str) -> Environment:
        with self._store.read() as tx:
            return visible_environment(tx, identity, name)

    def _reckoned(
        self,
        environment: Environment,
        own: Evidence,
        interval_s: float | None,
        pipeline_s: float | None,
        pipelines: Sequence[float],
    ) -> WhatIf:
        asked = WhatIfQuestion(interval_s or environment.policy.interval_s, pipeline_s)
        return what_if(own, environment, asked, pipelines, self._looks(environment, own.window))

    def _looks(self, environment: Environment, window: Window) -> Looks | None:
        """The polls of its repository in the window; None where an agent polls."""
        if environment.runs_on is not RunsOn.SERVER:
            return None
        with self._store.read() as tx:
            found = tx.repositories.polls(environment.source.repo_url, RUNS)
        runs = [one for one in found if window.since <= one.first_at and one.last_at <= window.until]
        if not runs:
            return Looks(0, 0.0)
        first, last = min(one.first_at for one in runs), max(one.last_at for one in runs)
        return Looks(sum(one.times for one in runs), (last - first).total_seconds())


def calls(every: Evidence) -> list[float]:
    """How long after a commit could be seen each call of a pipeline or a webhook came, seconds."""
    pushed = every.delivered[Mode.PUSH.value]
    waits = (one.noticing for one in pushed if one.fact.trigger in CALLS and not one.fact.told_by)
    return [wait for wait in waits if wait is not None]
