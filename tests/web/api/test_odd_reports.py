"""Reports with odd numbers and types: refused before anything of them is stored; honest ones are taken in."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from app.domain.agents.protocol import ReportKind
from app.domain.agents.wire import encode
from app.domain.environment import Hold
from app.domain.events import EventType
from app.domain.operation import Operation
from tests.support.agent import SHA, ended, event, operation, status
from tests.support.server import LiveServer
from tests.web.api.test_agents import Agent

Json = dict[str, Any]
OP = "01KATV2Q8Z3V8M6D3T0F8Y1N4R"
ODD: list[Any] = [
    *(None, True, -1, 2**31, 2**53, 2**61, -(2**61), 1.5, 1e300, -1e300),
    *("", "x", "9" * 400, "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-01-01"),
    *([], [1], [None], [[]], {}, {"x": 1}, [{"path": 1}], [{"path": "a", "diff": 7}]),
]
CLOCKS = ("mono_s", "offset_s", "offset_error_s")
SEEN = ("drift", "")


@pytest.fixture(scope="module")
def agent(server: LiveServer) -> Agent:
    return Agent(server, "odd")


def honest(id: int, now: datetime) -> list[tuple[ReportKind, Json]]:
    """A report of each kind, as an agent sends it."""
    at = encode(now)
    run: Operation = ended(operation(OP, id, "odd", now), now)
    item = {"path": "a", "change": "changed", "action": "update", "diff": "-x", "secret_lines": 1}
    drift = {"items": [item], "count": 1, "ignored": ["b"], "unmanaged": ["c"], "unmanaged_count": 1, "revision": SHA}
    return [
        (ReportKind.EVENT, event(EventType.REVISION_NOTICED, data={"revision": SHA, "subject": "s", "author": "a"})),
        (ReportKind.EVENT, event(EventType.DRIFT_DETECTED, data={"paths": ["a"], "count": 1, "mode": "pull"})),
        (ReportKind.OPERATION, encode(run)),
        (ReportKind.STATUS, dict(status(files=3, revision=SHA, checked_at=now, expires_at=now))),
        (ReportKind.HOLD, {"hold": encode(Hold("user:ben", "hands off", now))}),
        (ReportKind.HISTORY, {"call": "mark_bad", "revision": SHA, "at": at, "reason": "r", "by": "system:health"}),
        (ReportKind.EPISODE, {"call": "open", "at": at, "paths": ["a"], "count": 1, "last_good_at": at}),
        (ReportKind.EPISODE, {"call": "update", "paths": ["a"], "count": 1}),
        (ReportKind.DRIFT, {"checked_at": at, "report": drift}),
        (ReportKind.AUDIT, {"action": "sync.finish", "object": "environment:odd", "data": {"a": 1}, "by": "system:x"}),
    ]


def leaves(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The ways to every value in a JSON value."""
    inner: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in inner:
        yield (*at, name)
        yield from leaves(one, (*at, name))


def changed(data: Json, way: tuple[Any, ...], odd: Any) -> Json:
    made: Any = copy.deepcopy(data)
    place = made
    for name in way[:-1]:
        place = place[name]
    place[way[-1]] = odd
    return made  # type: ignore[no-any-return]


def id_of(server: LiveServer) -> int:
    with server.installation.store.read() as tx:
        return tx.environments.get("odd").id


def looked_at(server: LiveServer) -> dict[str, int]:
    """What reading answers, that is not right."""
    paths = [f"/environments/odd/{one}".rstrip("/") for one in SEEN]
    paths += ["/environments", "/operations", "/events", "/audit", "/agents", f"/operations/{OP}"]
    api = {path: server.http.get(f"/api/v1{path}").status_code for path in paths}
    return {path: code for path, code in api.items() if code != 200}


def test_no_odd_value_in_a_report_does_harm(server: LiveServer, agent: Agent) -> None:
    dice, id = random.Random(20261129), id_of(server)
    now = datetime.now(UTC)
    every = [(kind, data, way) for kind, data in honest(id, now) for way in leaves(data)]
    for kind, data, way in every:
        odd = changed(data, way, dice.choice(ODD))
        before = copy.copy(agent.teller)
        report = agent.teller.report(id, kind, odd, now)
        answer = agent.call("POST", "/agents/self/reports", agent.teller.batch([report], now))
        assert answer.status_code in (200, 422), (kind, odd, answer.text)
        if answer.status_code == 422:
            agent.teller = before  # it does not count: the next report follows on from the one before
    assert looked_at(server) == {}
    reports = [agent.teller.report(id, *one, now) for one in honest(id, now)]
    answer = agent.call("POST", "/agents/self/reports", agent.teller.batch(reports, now))
    assert (answer.status_code, answer.json()["through"]) == (200, agent.teller.seq)
    assert looked_at(server) == {}


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("where", [("items",), ("items", 0), ("items", 0, "path"), ("items", 0, "diff"),
                                   ("items", 0, "secret_lines"), ("count",), ("unmanaged",)])  # fmt: skip
def test_odd_drift_is_refused_or_can_be_read(
    server: LiveServer, agent: Agent, where: tuple[Any, ...], odd: Any
) -> None:
    id, now = id_of(server), datetime.now(UTC)
    data = next(data for kind, data in honest(id, now) if kind is ReportKind.DRIFT)
    before = copy.copy(agent.teller)
    report = agent.teller.report(id, ReportKind.DRIFT, changed(data, ("report", *where), odd), now)
    answer = agent.call("POST", "/agents/self/reports", agent.teller.batch([report], now))
    if answer.status_code == 422:
        agent.teller = before
    assert answer.status_code in (200, 422)
    assert server.http.get("/api/v1/environments/odd/drift").status_code == 200


@pytest.mark.parametrize(
    ("where", "odd"),
    [
        (("items",), {}),
        (("items", 0), "a"),
        (("items", 0, "path"), 1),
        (("items", 0, "diff"), ["-x"]),
        (("items", 0, "change"), 7),
        (("items", 0, "secret_lines"), True),
        (("count",), -1),
        (("unmanaged",), [None]),
    ],
)
def test_drift_of_odd_types_is_refused_as_a_whole(
    server: LiveServer, agent: Agent, where: tuple[Any, ...], odd: Any
) -> None:
    id, now = id_of(server), datetime.now(UTC)
    shown = server.call("GET", "/environments/odd/drift")
    data = next(data for kind, data in honest(id, now) if kind is ReportKind.DRIFT)
    data["report"]["items"].append({"path": "new", "change": "changed", "action": "update"})
    report = agent.teller.report(id, ReportKind.DRIFT, changed(data, ("report", *where), odd), now)
    answer = agent.call("POST", "/agents/self/reports", agent.teller.batch([report], now)).json()
    assert [one["seq"] for one in answer["refused"]] == [report["seq"]]
    assert server.call("GET", "/environments/odd/drift") == shown


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *((field, value) for field in CLOCKS for value in (1e12, -1e12, 9e11, 2**70, "1")),
        *(("sent_at", value) for value in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", 7, None)),
        *(("boot", value) for value in (7, None, "x" * 10_000)),
    ],
)  # fmt: skip
def test_a_batch_with_a_clock_out_of_bounds_is_refused_whole(
    server: LiveServer, agent: Agent, field: str, value: Any
) -> None:
    id, now = id_of(server), datetime.now(UTC)
    before = copy.copy(agent.teller)
    reports = [agent.teller.report(id, ReportKind.EVENT, event(EventType.REVISION_NOTICED, 4711), now)]
    answer = agent.call("POST", "/agents/self/reports", agent.teller.batch(reports, now, **{field: value}))
    assert answer.status_code == 422, answer.text
    agent.teller = before
    assert agent.report("odd", event(EventType.REVISION_NOTICED, 4712)).status_code == 200


def _mono(report: Json) -> Json:
    return {**report, "mono_s": 1e12}


def _back(report: Json) -> Json:
    return {**report, "mono_s": -1e12}


def _late(report: Json) -> Json:
    return {**report, "at": "9999-12-31T23:59:59Z"}


def _early(report: Json) -> Json:
    return {**report, "at": "0001-01-01T00:00:00Z"}


def _huge(report: Json) -> Json:
    return {**report, "data": {**report["data"], "x": [{"y": 2**80}]}}


@pytest.mark.parametrize("odd", [_mono, _back, _late, _early, _huge])
def test_a_report_out_of_bounds_is_refused_before_anything_is_stored(
    server: LiveServer, agent: Agent, odd: Callable[[Json], Json]
) -> None:
    id, now = id_of(server), datetime.now(UTC)
    before = copy.copy(agent.teller)
    reports = [agent.teller.report(id, ReportKind.EVENT, event(EventType.REVISION_NOTICED, 1), now) for _ in range(2)]
    answer = agent.call("POST", "/agents/self/reports", agent.teller.batch([reports[0], odd(reports[1])], now))
    assert answer.status_code == 422, answer.text
    agent.teller, through = before, before.seq + 1
    assert agent.report("odd", event(EventType.REVISION_NOTICED, 2)).json()["through"] == through


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 5000])
def test_what_is_no_number_is_refused(server: LiveServer, agent: Agent, number: str) -> None:
    body = f'{{"sent_at":"2026-01-01T00:00:00Z","mono_s":{number},"boot":"b","reports":[]}}'
    headers = {"Authorization": f"Bearer {agent.credential}", "PushPull-Agent-Version": "0.2.0",
               "Content-Type": "application/json"}  # fmt: skip
    answer = server.anonymous.post("/api/v1/agents/self/reports", content=body, headers=headers)
    assert answer.status_code in (400, 422), answer.text
