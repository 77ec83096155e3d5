"""Operations: the list, and one of them with its stages, files and log, filling while it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from fastapi import Request, Response

from app.domain.events import Event, EventType
from app.domain.operation import Operation, OperationKind, Outcome, Phase, StageName, Trigger
from app.ports import OperationFilter, Transaction
from app.web.pages.query_parameters import After, Word, clean, moment
from app.web.rendering import links, render
from app.web.rendering.happenings import Happening, counted, of_operation, sentence_case, started, summary
from app.web.rendering.plots import RoadStep, road
from app.web.rendering.present import exact, look, short
from app.web.requests.route_dependencies import Cases
from app.web.requests.routers import page_router
from app.web.requests.visitor import By, Visitor

ROWS = 30
LINES = 500
FILES = 500
ORDER = {"create": 0, "update": 0, "mode": 1, "delete": 2}
router = page_router()


@dataclass(frozen=True, slots=True)
class OperationFilters:
    """What the list is narrowed by, as written in the address."""

    environment: str = ""
    kind: str = ""
    phase: str = ""
    outcome: str = ""
    trigger: str = ""
    revision: str = ""
    since: str = ""
    until: str = ""

    def values(self) -> dict[str, str]:
        """By name."""
        return {name: getattr(self, name) for name in self.__slots__}

    def where(self) -> OperationFilter:
        """As the store reads it."""
        return OperationFilter(
            environment=self.environment, phase=self.phase, trigger=self.trigger, kind=self.kind, outcome=self.outcome,
            revision=self.revision, since=moment(self.since), until=moment(self.until, end=True),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class OperationsPage:
    """What operations/index.html gets."""

    items: tuple[Happening, ...]
    filters: OperationFilters
    narrowed: bool
    now: datetime
    url: str
    first: str
    next: str
    choices: Mapping[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class File:
    """One changed file."""

    path: str
    action: str
    done: bool


@dataclass(frozen=True, slots=True)
class OperationPage:
    """What operations/show.html gets."""

    operation: Operation
    title: str
    counted: str
    why: str
    left: str
    bar: tuple[RoadStep, ...]
    files: tuple[File, ...]
    log: tuple[tuple[datetime | None, str], ...]
    before: Operation | None
    after: Operation | None
    pipeline: str


@router.get("/operations")
def operations(
    request: Request,
    use_cases: Cases,
    _: Visitor,
    environment: Word = "",
    kind: Word = "",
    phase: Word = "",
    outcome: Word = "",
    trigger: Word = "",
    revision: Word = "",
    since: Word = "",
    until: Word = "",
    after: After = "",
) -> Response:
    """All operations, newest first."""
    given = (environment, kind, phase, outcome, trigger, revision, since, until)
    filters = OperationFilters(*(clean(text).strip() for text in given))
    with use_cases.ports.store.read() as tx:
        page = tx.operations.page(filters.where(), ROWS, clean(after) or None)
    context = OperationsPage(
        items=tuple(of_operation(one) for one in page.items),
        filters=filters,
        narrowed=any(filters.values().values()),
        now=use_cases.ports.clock.now(),
        url=links.with_query("/operations", {**filters.values(), "after": after}),
        first=links.with_query("/operations", filters.values()) if after else "",
        next=links.with_query("/operations", {**filters.values(), "after": page.next}) if page.next else "",
        choices=_choices(),
    )
    return render.page(request, "operations/index.html", context, nav="operations", regions=("operations",))


def _choices() -> dict[str, tuple[tuple[str, str], ...]]:
    kinds: dict[str, Sequence[OperationKind | Phase | Outcome | Trigger]] = {
        "phase": list(Phase),
        "outcome": list(Outcome),
        "trigger": list(Trigger),
    }
    return {kind: tuple((one.value, look(one, kind).label) for one in values) for kind, values in kinds.items()}


@router.get("/operations/{id}")
def operation(request: Request, use_cases: Cases, id: str, _: Visitor) -> Response:
    """One operation. A scheduled comparison without news leaves none, so its page may be gone when it ends."""
    with use_cases.ports.store.read() as tx:
        one = tx.operations.get(id)
        events = tx.ledger.page(operation=id, limit=LINES)
        before, after = _neighbours(tx, one, events)
    now = use_cases.ports.clock.now()
    context = OperationPage(
        operation=one,
        title=f"{summary(one)} in {one.environment}",
        counted=counted(one),
        why=sentence_case(one.reason or one.request.reason),
        left=_left(one),
        bar=road(one, now),
        files=_files(one),
        log=tuple((event.at, _line(event, one)) for event in events),
        before=before,
        after=after,
        pipeline=links.outside(one.request.pipeline.url) if one.request.pipeline else "",
    )
    return render.page(request, "operations/show.html", context, nav="operations", regions=("operation",))


def _left(one: Operation) -> str:
    """What a run that failed left behind."""
    applied = one.stage(StageName.APPLIED)
    if applied is None:
        return "Nothing was changed on the target."
    if applied.finished_at:
        return f"The files of {short(one.revision)} are live all the same."
    return "Each file is old or new, never torn; those that were not reached are as before."


def _neighbours(tx: Transaction, one: Operation, events: Sequence[Event]) -> tuple[Operation | None, Operation | None]:
    """The operations of the same environment around this one."""
    where = OperationFilter(environment_id=one.environment_id)
    earlier = tx.operations.page(where, 1, one.id).items
    queued = (EventType.OPERATION_QUEUED,)
    start = events[0].id if events else tx.ledger.last_id()
    later = tx.ledger.page(start, 1, environment_id=one.environment_id, types=queued)
    after = tx.operations.get(later[0].operation) if later and later[0].operation else None
    return earlier[0] if earlier else None, after


def _files(one: Operation) -> tuple[File, ...]:
    """What the plan works on, in the order of an apply: contents, modes, deletions. Finished ones are marked."""
    given = [(str(each.get("path", "")), str(each.get("action", ""))) for each in one.detail.get("paths", ())[:FILES]]
    works = sorted((each for each in given if each[1] in ORDER), key=lambda each: ORDER[each[1]])
    over = one.phase is Phase.SUCCEEDED and one.kind is OperationKind.SYNC and one.outcome is not Outcome.OBSERVED
    return tuple(File(path, action, over or index < one.done) for index, (path, action) in enumerate(works))


def _line(event: Event, one: Operation) -> str:
    """A ledger entry as a line of the log."""
    data = event.data
    if event.type is EventType.OPERATION_QUEUED:
        return f"Queued: {started(one)}"
    if event.type is EventType.OPERATION_STAGE:
        return {"applied": "Applying", "healthy": "Checking health"}.get(event.reason, event.reason)
    if event.type is EventType.OPERATION_FINISHED:
        ended = look(data.get("outcome") or data.get("phase"), "outcome" if data.get("outcome") else "phase").label
        return f"Ended: {ended}{f': {event.reason}' if event.reason else ''}"
    if event.type is EventType.OPERATION_LOG:
        return event.reason
    label = look(event.type, "event").label
    change = f"{data['from']} → {data['to']}" if "from" in data and "to" in data else event.reason
    return f"{label}: {change}" if change else label


@router.post("/operations/{id}/stop")
def stop(request: Request, use_cases: Cases, id: str, by: By) -> Response:
    """Stop it: at once while queued, between two files while running."""
    asked = use_cases.queue.terminate(id, by)
    told = "It had not begun; nothing was changed." if asked.phase.final else "It stops after the file in hand."
    at = f"Asked at {exact(use_cases.ports.clock.now())}."
    return render.done(request, f"/operations/{asked.id}", "Told to stop", f"{told} {at}", "none")
