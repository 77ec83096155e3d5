"""Every operation ends through one writer: with one finish event and one finish entry, whatever ends it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.domain.agents.protocol import COMMAND_LIFE, ReportKind
from app.domain.agents.wire import encode
from app.domain.environment import RunsOn
from app.domain.events import EventType
from app.domain.operation import Operation, OperationKind, Outcome, Phase, Request, Trigger
from app.ports import AuditFilter
from app.services.outcomes.conclusion import Conclusion, conclude
from tests.services.fleet import Fleet
from tests.support.installation import ME, Installation

End = Callable[[Installation], str]


def sync(**more: object) -> Request:
    return Request(OperationKind.SYNC, Trigger.MANUAL, str(ME), **more)  # type: ignore[arg-type]


def scheduled(kind: OperationKind) -> Request:
    return Request(kind, Trigger.SCHEDULE, "system:schedule")


def delivered(here: Installation) -> str:
    here.register("push")
    return here.push().id


def unhealthy(here: Installation) -> str:
    check = {"kind": "command", "command": ["false"], "deadline_s": 0.01}
    here.register("push", health_check=check)
    return here.push().id


def stopped_by_a_hook(here: Installation) -> str:
    here.register("push", hooks=[{"when": "pre", "command": ["false"]}])
    return here.push().id


def held(here: Installation) -> str:
    here.register("push")
    here.use_cases.holds.hold("shop", "wait", None, ME)
    return here.push().id


def compared(here: Installation) -> str:
    here.register("push")
    return here.refresh().id


def found_drift_on_schedule(here: Installation) -> str:
    target = here.register("push")
    here.push()
    (target / "index.html").write_text("by hand")
    return here.refresh(trigger=Trigger.SCHEDULE).id


def observed(here: Installation) -> str:
    here.register("push", observe=True)
    return here.push().id


def observed_by_comparison(here: Installation) -> str:
    here.register("push", observe=True)
    return here.refresh().id


def without_a_source(here: Installation) -> str:
    here.register("push")
    return here.push("f" * 40).id


def crashed(here: Installation) -> str:
    here.register("push")
    here.ask(sync())
    claimed = here.claim()
    assert claimed is not None
    return here.use_cases.reconciler.crashed(claimed, RuntimeError("out of order")).id


def superseded(here: Installation) -> str:
    here.register("pull")
    first = here.ask(scheduled(OperationKind.SYNC))
    here.ask(scheduled(OperationKind.SYNC))
    return first.id


def stopped_in_the_queue(here: Installation) -> str:
    here.register("push")
    return here.use_cases.queue.terminate(here.ask(sync()).id, ME).id


def stopped_while_it_ran(here: Installation) -> str:
    here.register("push")
    asked = here.ask(sync())
    claimed = here.claim()
    assert claimed is not None
    here.use_cases.queue.terminate(asked.id, ME)
    return here.use_cases.reconciler.run(claimed, lambda: True).id


def interrupted(here: Installation) -> str:
    here.register("push")
    asked = here.ask(sync())
    here.claim("a worker that dies")
    here.clock.pass_(1)
    here.use_cases.queue.recover(None)
    return asked.id


def switched_before_it_ran(here: Installation) -> str:
    here.register("push")
    asked = here.ask(sync())
    here.use_cases.switching.switch("shop", {"mode": "pull"}, ME)
    return asked.id


def comparison_before_a_switch(here: Installation) -> str:
    here.register("push")
    asked = here.ask(Request(OperationKind.REFRESH, Trigger.MANUAL, str(ME)))
    here.use_cases.switching.switch("shop", {"mode": "pull"}, ME)
    return asked.id


def deleted_with_its_environment(here: Installation) -> str:
    here.register("push")
    asked = here.ask(sync())
    here.use_cases.registration.remove("shop", ME)
    return asked.id


def never_taken_by_its_agent(here: Installation) -> str:
    fleet = Fleet(here)
    asked = here.ask(sync())
    here.clock.pass_(COMMAND_LIFE.total_seconds() + 1)
    fleet.use_cases.commands.expire()
    return asked.id


def ended_by_its_agent(here: Installation) -> str:
    fleet = Fleet(here)
    asked = here.ask(sync())
    fleet.send(*_agents_reports(fleet, asked, Phase.SUCCEEDED))
    return asked.id


def ended_here_and_by_its_agent(here: Installation) -> str:
    fleet = Fleet(here)
    asked = here.ask(sync())
    fleet.news(after=1)  # the agent has the command
    with here.store.write() as tx:
        conclude(tx, tx.operations.get(asked.id), Conclusion(Phase.TERMINATED, reason="switched"), here.clock.now())
    fleet.send(*_agents_reports(fleet, asked, Phase.TERMINATED))
    return asked.id


def _agents_reports(fleet: Fleet, asked: Operation, phase: Phase) -> list[dict[str, object]]:
    now = encode(fleet.here.clock.now())
    data = {"kind": "sync", "mode": "pull", "trigger": "manual", "phase": phase.value}
    event = {"id": 7, "type": "operation.finished", "operation": asked.id, "reason": "", "data": data}
    entry = {"action": "sync.finish", "object": f"operation:{asked.id}", "data": {}, "by": "system:agent"}
    told = {**encode(asked), "phase": phase.value, "finished_at": now}
    return [
        fleet.report(ReportKind.OPERATION, told),
        fleet.report(ReportKind.EVENT, event),
        fleet.report(ReportKind.AUDIT, entry),
    ]


ENDS: list[tuple[End, Phase, Outcome | None]] = [
    (delivered, Phase.SUCCEEDED, Outcome.DEPLOYED),
    (unhealthy, Phase.FAILED, Outcome.FAILED),
    (stopped_by_a_hook, Phase.FAILED, Outcome.FAILED),
    (held, Phase.FAILED, Outcome.HELD),
    (compared, Phase.SUCCEEDED, Outcome.OUT_OF_SYNC),
    (found_drift_on_schedule, Phase.SUCCEEDED, Outcome.OUT_OF_SYNC),
    (observed, Phase.SUCCEEDED, Outcome.OBSERVED),
    (observed_by_comparison, Phase.SUCCEEDED, Outcome.OUT_OF_SYNC),
    (without_a_source, Phase.ERROR, Outcome.FAILED),
    (crashed, Phase.ERROR, Outcome.FAILED),
    (superseded, Phase.SUPERSEDED, Outcome.SUPERSEDED),
    (stopped_in_the_queue, Phase.TERMINATED, None),
    (stopped_while_it_ran, Phase.TERMINATED, None),
    (interrupted, Phase.ERROR, Outcome.FAILED),
    (switched_before_it_ran, Phase.SUPERSEDED, Outcome.SUPERSEDED),
    (comparison_before_a_switch, Phase.TERMINATED, None),
    (deleted_with_its_environment, Phase.TERMINATED, None),
    (never_taken_by_its_agent, Phase.ERROR, Outcome.FAILED),
    (ended_by_its_agent, Phase.SUCCEEDED, None),
    (ended_here_and_by_its_agent, Phase.TERMINATED, None),
]


@pytest.mark.parametrize(("end", "phase", "outcome"), ENDS, ids=lambda one: getattr(one, "__name__", ""))
def test_an_operation_ends_with_one_event_and_one_entry(
    here: Installation, end: End, phase: Phase, outcome: Outcome | None
) -> None:
    ended = here.operation(end(here))
    assert (ended.phase, ended.outcome, ended.worker) == (phase, outcome, None)
    assert ended.finished_at is not None
    assert traces(here, ended.id) == (1, [f"{ended.kind.value}.finish"])


def test_a_scheduled_comparison_without_news_leaves_no_trace(here: Installation) -> None:
    here.register("push")
    here.push()
    here.refresh()
    asked = here.ask(scheduled(OperationKind.REFRESH))
    here.run()
    assert traces(here, asked.id) == (0, [])


def test_an_agent_that_leaves_an_environment_ends_what_waits_there(here: Installation) -> None:
    fleet = Fleet(here)
    asked = here.ask(sync())
    here.use_cases.switching.switch("shop", {"runs_on": RunsOn.SERVER.value, "target": {
        "kind": "directory", "path": str(here.servers / "shop")
    }, "source": {"repo_url": here.url}}, ME)  # fmt: skip
    assert here.operation(asked.id).phase is Phase.SUPERSEDED
    told = fleet.send(*_agents_reports(fleet, asked, Phase.TERMINATED))
    assert [one["code"] for one in told["refused"]] == ["report_refused"]
    assert traces(here, asked.id) == (1, ["sync.finish"])


def traces(here: Installation, id: str) -> tuple[int, list[str]]:
    """How many finish events an operation has, and the actions of its finish entries."""
    with here.store.read() as tx:
        events = tx.ledger.page(operation=id, types=[EventType.OPERATION_FINISHED])
        entries = tx.audit.page(AuditFilter(search=f"operation:{id}"), 100, None).items
    return len(events), [one.action for one in entries if one.action.endswith(".finish")]
