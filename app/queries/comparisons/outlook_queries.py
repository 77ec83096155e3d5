"""What the other mode would have given an environment, from stored facts."""

from __future__ import annotations

from collections.abc import Sequence

from app.comparison import Question, Window
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
        with self._store.read() as tx:
            environment = visible_environment(tx, identity, name)
        evidence = self._comparison.evidence(identity, Question(window, environment=name))
        wish = WhatIfQuestion(interval_s or environment.policy.interval_s, pipeline_s)
        pipelines: Sequence[float] = ()
        if environment.mode is Mode.PULL and pipeline_s is None:
            pipelines = self._pipelines(identity, window)
        return what_if(evidence, environment, wish, pipelines, self._looks(environment, evidence.window))

    def _pipelines(self, identity: Identity, window: str) -> list[float]:
        """How long after a commit could be seen each call of a pipeline or a webhook came, seconds."""
        pushed = self._comparison.evidence(identity, Question(window)).delivered[Mode.PUSH.value]
        calls = (one.noticing for one in pushed if one.fact.trigger in CALLS)
        return [wait for wait in calls if wait is not None]

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
