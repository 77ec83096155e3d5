"""Events are typed facts that are written as they always were, and read back from this and from other versions."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import pytest

from app.domain.actor import NOBODY, Actor, user
from app.domain.events import FACTS, EventType, Fact, UnreadFact, read
from app.domain.events.agent_events import AgentWasRevoked
from app.domain.events.environment_events import (
    DriftDetected,
    EnvironmentCreated,
    EnvironmentEdited,
    EnvironmentSwitched,
    HoldEnded,
    HoldSet,
    IgnoreRuleEdited,
    RollbackHoldSet,
    SwitchSide,
)
from app.domain.events.fact import Mark, fields_of
from app.domain.events.operation_events import AnnouncedDecision, Decision, OperationConcluded, OperationStage
from app.domain.events.source_events import PipelineMissed, RefMoved
from app.domain.status import CLEAR, Condition, ConditionKind

SHA, OTHER = "1f0c9d2a" * 5, "2a0c9d2a" * 5
SAMPLES: dict[str, Any] = {
    "str": "text",
    "int": 3,
    "bool": True,
    "Actor": user("kim"),
    "SwitchSide": SwitchSide("push"),
}


def sample(kind: Any) -> Any:
    """A fact with something in each field."""
    given: dict[str, Any] = {}
    for one in fields_of(kind):
        words = str(getattr(one.type, "__name__", one.type)).split(" | ")[0].rpartition(".")[2]
        given[one.name] = SAMPLES.get(words, ("a", "b") if "tuple" in str(one.type) else {"mode": {"from": "x"}})
    return kind(**given)


@pytest.mark.parametrize("kind", FACTS, ids=lambda kind: kind.__name__)
def test_a_fact_reads_back_as_it_was_written(kind: Any) -> None:
    fact = sample(kind)
    data = json.loads(json.dumps(fact.data))
    assert kind.read(data, fact.reason) == fact
    assert not isinstance(read(fact.type, data, fact.reason), UnreadFact)


def test_every_type_of_event_but_one_that_nothing_writes_has_a_fact() -> None:
    assert set(EventType) - {kind.TYPE for kind in FACTS} == {EventType.OPERATION_STARTED}
    assert [kind.__name__ for kind in FACTS if not kind.__doc__ or kind.__doc__.startswith(kind.__name__)] == []


WRITTEN_BY_6B199AB: list[tuple[EventType, dict[str, Any], str, Fact]] = [
    (EventType.ENVIRONMENT_CREATED, {"name": "shop"}, "by user:kim", EnvironmentCreated({"name": "shop"}, user("kim"))),
    (EventType.ENVIRONMENT_EDITED, {"mode": {"from": "push", "to": "pull"}}, "by user:kim",
     EnvironmentEdited({"mode": {"from": "push", "to": "pull"}}, user("kim"))),
    (EventType.ENVIRONMENT_EDITED, {"environment": "shop", "path": "logs/*", "reason": "noise"}, "drift.ignore: logs/*",
     IgnoreRuleEdited("shop", "logs/*", "noise", "drift.ignore")),
    (EventType.HOLD_SET, {"owner": "user:kim", "expires_at": None, "left_revision": None}, "wait",
     HoldSet(user("kim"), None, None, "wait")),
    (EventType.HOLD_SET, {"revision": SHA}, "was not healthy", RollbackHoldSet(SHA, "was not healthy")),
    (EventType.HOLD_ENDED, {}, "resumed", HoldEnded()),
    (EventType.DECISION, {"outcome": "held", "mode": "pull", "trigger": "schedule", "revision": SHA}, "on hold",
     Decision("held", "pull", "schedule", revision=SHA, why="on hold")),
    (EventType.DECISION, {"outcome": "filtered", "mode": "push", "trigger": "webhook", "observe": True,
                          "delivery": "d1", "revision": None}, "nothing to do for 'ping'",
     AnnouncedDecision("filtered", "push", "webhook", "d1", None, observe=True, why="nothing to do for 'ping'")),
    (EventType.REF_MOVED, {"ref": "main", "before": SHA, "after": OTHER, "forced": True}, "main was force-pushed",
     RefMoved("main", SHA, OTHER, forced=True, why="main was force-pushed")),
    (EventType.PIPELINE_MISSED, {"revision": SHA, "mode": "push", "by": OTHER, "committed_at": "2026-01-01T00:00:00"},
     "no pipeline or webhook brought 1f0c9d2a before 2a0c9d2a took its place",
     PipelineMissed(SHA, "push", OTHER, "2026-01-01T00:00:00")),
    (EventType.AGENT_REVOKED, {"agent": "01K", "name": "web-1"}, "agent web-1 was revoked by user:kim",
     AgentWasRevoked("01K", "web-1", user("kim"))),
    (EventType.OPERATION_STAGE, {"trigger": "manual", "revision": SHA}, "applied",
     OperationStage("manual", SHA, "applied")),
    (EventType.ENVIRONMENT_SWITCHED, {
        "from": {"mode": "push", "runs_on": "server", "agent": None, "target": {"kind": "directory", "path": "/srv"},
                 "auto_sync": False, "credential": None},
        "to": {"mode": "pull", "runs_on": "agent", "agent": "01K", "target": {"kind": "directory", "path": "/srv"},
               "auto_sync": True, "credential": "git"},
        "by": "user:kim"}, "", EnvironmentSwitched(
            SwitchSide("push", "server", None, {"kind": "directory", "path": "/srv"}),
            SwitchSide("pull", "agent", "01K", {"kind": "directory", "path": "/srv"}, True, "git"), user("kim"))),
]  # fmt: skip


@pytest.mark.parametrize(("type", "data", "reason", "fact"), WRITTEN_BY_6B199AB, ids=lambda one: str(one)[:30])
def test_what_an_earlier_version_wrote_is_written_and_read_alike(
    type: EventType, data: dict[str, Any], reason: str, fact: Fact
) -> None:
    found = read(type, data, reason)
    assert (found.data, found.reason) == (fact.data, fact.reason) == (data, reason)
    assert found == fact


def test_what_is_not_known_here_is_kept_as_it_came() -> None:
    assert read(EventType.DRIFT_DETECTED, {"count": "many"}, "r") == UnreadFact(
        EventType.DRIFT_DETECTED, {"count": "many"}, "r"
    )
    newer = {"episode": 1, "count": 2, "paths": ["a"], "colour": "blue"}
    assert read(EventType.DRIFT_DETECTED, newer, "a") == DriftDetected(1, 2, ("a",), "a")
    assert read(EventType.OPERATION_FINISHED, {"phase": "error"}, "").data["phase"] == "error"
    assert OperationConcluded().initiated_by == NOBODY


def test_only_what_a_reason_says_is_left_out_of_the_data() -> None:
    kinds: tuple[Any, ...] = FACTS
    for kind in kinds:
        said = {one.name for one in fields_of(kind) if one.mark is Mark.SAID}
        assert all(f"{{{name}" in kind.SENTENCE for name in said), kind.__name__
        assert {one.name for one in fields(kind)} == {one.name for one in fields_of(kind)}


@pytest.mark.parametrize("text", ["user:kim", "token:ci", "agent:web-1", "system:self-heal", "local:root", "outside",
                                  "self_heal", "ignore rule", "", "odd:thing", ":x"])  # fmt: skip
def test_an_actor_reads_back_as_it_was_written(text: str) -> None:
    assert str(Actor.parse(text, "10.0.0.1")) == text


def test_a_condition_reads_back_as_it_was_written() -> None:
    texts = {
        "Git: it is away": Condition(ConditionKind.SOURCE, "it is away"),
        "Target: refused": Condition(ConditionKind.TARGET, "refused"),
        "internal error": Condition(ConditionKind.OPERATION, "internal error"),
        "": CLEAR,
    }
    for text, condition in texts.items():
        assert (Condition.parse(text), str(condition)) == (condition, text)
        assert bool(condition) is bool(text)
