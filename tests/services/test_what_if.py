"""What the other mode would have given is what a twin in that mode is then measured at."""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import count

import pytest

from app.comparison.outlook.what_if import OutlookFigure, OutlookWay, WhatIf
from app.domain.identity import SYSTEM
from app.domain.operation import Operation, OperationKind, Request, Trigger
from tests.support.installation import PIPELINE, Installation

INTERVAL_S, WORK_S, CALL_S, COMMITS = 20.0, 2.0, 1.0, 24
GOLDEN = 0.618033988749895  # steps of this part of the interval fill its phases evenly
GAPS_S = (INTERVAL_S * GOLDEN, INTERVAL_S * (1 + GOLDEN))


class Twins:
    """The same commits to `shop`, whose pipeline calls after CALL_S, and to `twin`, which polls; all work takes
    WORK_S."""

    def __init__(self, here: Installation) -> None:
        self.here, self.now_s, self.order = here, 0.0, count()
        self.agenda: list[tuple[float, int, str, Operation | None]] = []
        here.register("push", interval_s=int(INTERVAL_S))
        here.register("pull", "twin", interval_s=int(INTERVAL_S))
        here.use_cases.poller.poll(here.url)
        here.push()
        at_s = 0.0
        for number in range(COMMITS):
            at_s += GAPS_S[number % 2]
            self.later(at_s, "commit")
            self.later(at_s + CALL_S, "call")
        for number in range(1, int(at_s / INTERVAL_S) + 3):
            self.later(number * INTERVAL_S, "poll")

    def later(self, at_s: float, what: str, operation: Operation | None = None) -> None:
        heappush(self.agenda, (at_s, next(self.order), what, operation))

    def go(self) -> None:
        while self.agenda:
            at_s, number, what, operation = heappop(self.agenda)
            self.here.clock.pass_(at_s - self.now_s)
            self.now_s = at_s
            if operation:
                self.here.use_cases.reconciler.run(operation)
            elif what == "commit":
                when = int(self.here.clock.at.timestamp())
                self.here.repo.commit({"deploy/index.html": f"{number}\n"}, when=when)
            elif what == "call":
                self.here.ask(Request(OperationKind.SYNC, Trigger.PIPELINE, str(PIPELINE)), actor=PIPELINE)
            else:
                self.here.use_cases.poller.poll(self.here.url)
            while claimed := self.here.claim():
                self.later(self.now_s + WORK_S, "work", claimed)


def figure(way: OutlookWay, key: str) -> OutlookFigure:
    return next(one for one in way.figures if one.key == key)


def ways(found: WhatIf) -> dict[tuple[str, str], OutlookWay]:
    return {(one.kind, one.mode): one for one in found.ways}


@pytest.mark.thorough
def test_what_is_predicted_from_one_mode_is_what_its_twin_in_the_other_was_measured_at(here: Installation) -> None:
    Twins(here).go()
    pushed = ways(here.queries.outlook.what_if(SYSTEM, "shop", INTERVAL_S))
    pulled = ways(here.queries.outlook.what_if(SYSTEM, "twin"))
    for foretold, measured in (
        (pushed["predicted", "pull"], pulled["measured", "pull"]),
        (pulled["predicted", "push"], pushed["measured", "push"]),
    ):
        lead, overtaken = figure(measured, "visible_to_live"), figure(measured, "superseded")
        assert lead.n + round((overtaken.value or 0) * overtaken.n) == COMMITS
        assert figure(foretold, "visible_to_live").value == pytest.approx(lead.value, rel=0.1)
        assert figure(foretold, "superseded").value == pytest.approx(overtaken.value, rel=0.1)
    looks = figure(pulled["measured", "pull"], "looks").value
    assert figure(pushed["predicted", "pull"], "looks").value == pytest.approx(looks, rel=0.1) == 86400 / INTERVAL_S
