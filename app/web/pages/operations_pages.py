"""Operations: the list, and one operation with its stages, files and log, updated while it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from fastapi import Request, Response

from app.domain.events import Event
from app.domain.events.environment_events import HealthChanged, StatusChanged
from app.domain.events.operation_events import OperationConcluded, OperationLog, OperationQueued, OperationStage
from app.domain.operation import Operation, OperationKind, Outcome, Phase, StageName, Trigger
from app.domain.permissions import Permission
from app.ports import OperationFilter
from app.web.pages.query_parameters import After, Word, clean, moment, tidied
from app.web.rendering import links, render
from app.web.rendering.happenings import Happening, of_operation
from app.web.rendering.plots import Axis, RoadStep, road, shared_axis
from app.web.requests.permission_check import By, Who, may
from app.web.requests.route_dependencies import Cases, Reads
from app.web.requests.routers import page_router
from app.wording.badges import look
from app.wording.operation_words import capital, counted, doing, sentence_case, stage_begun, started, summary, told_by
from app.wording.short_names import short
from app.wording.times import exact

ROWS = 30
FILES = 500
ORDER = {"create": 0, "update": 0, "mode": 1, "delete": 2}
router = page_router()


@dataclass(frozen=True, slots=True)
class OperationFilters:
    """The list's filters, as written in the address."""

    environment: str = ""
    kind: str = ""
    phase: str = ""
    outcome: str = ""
    trigger: str = ""
    revision: str = ""
    since: str = ""
    until: str = ""

    def values(self) -> dict[str, str]:
        """The filters by their names in the address."""
        return {name: getattr(self, name) for name in self.__slots__}

    def where(self) -> OperationFilter:
        """The filters for a query."""
        return OperationFilter(
            environment=self.environment, phase=self.phase, trigger=self.trigger, kind=self.kind, outcome=self.outcome,
            revision=self.revision, since=moment(self.since), until=moment(self.until, end=True),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class OperationsPage:
    """The context of operations/index.html."""

    items: tuple[Happening, ...]
    repositories: Mapping[str, str]
    filters: OperationFilters
    narrowed: bool
    now: datetime
    scale: Axis
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
    """The context of operations/show.html."""

    operation: Operation
    repository: str
    nouns: tuple[str, str]
    title: str
    counted: str
    why: str
    left: str
    doing: str
    told_by: str
    earlier: bool
    bar: tuple[RoadStep, ...]
    files: tuple[File, ...]
    log: tuple[tuple[datetime | None, str], ...]
    before: Operation | None
    after: Operation | None
    pipeline: str


@router.get("/operations", dependencies=[may(Permission.VIEW)])
def operations(
    request: Request,
    queries: Reads,
    who: Who,
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
    if tidy := tidied(request):
        return tidy
    given = (environment, kind, phase, outcome, trigger, revision, since, until)
    filters = OperationFilters(*(clean(text).strip() for text in given))
    page = queries.operations.page(who, filters.where(), ROWS, clean(after) or None)
    now = queries.now()
    context = OperationsPage(
        items=tuple(of_operation(one) for one in page.items),
        repositories=queries.operations.repositories(who, page.items),
        filters=filters,
        narrowed=any(filters.values().values()),
        now=now,
        scale=shared_axis(page.items, now),
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


@router.get("/operations/{id}", dependencies=[may(Permission.VIEW)])
def operation(request: Request, queries: Reads, who: Who, id: str) -> Response:
    """One operation. A scheduled comparison without news leaves none, so its page may be gone when it ends."""
    found = queries.operations.context(who, id)
    one = found.record.operation
    nouns = queries.operations.nouns(who, one)
    log = tuple((event.at, line) for event in found.record.log for line in _line(event, one).split("\n"))
    context = OperationPage(
        operation=one,
        repository=queries.operations.repositories(who, [one]).get(one.environment, ""),
        nouns=nouns,
        title=f"{summary(one)} in {one.environment}",
        counted=counted(one),
        why=sentence_case(one.reason or one.request.reason),
        left=_left(one, nouns),
        doing=capital(doing(one, _hooks(log))) if one.kind is OperationKind.SYNC else "Looking",
        told_by=told_by(one),
        earlier=found.record.earlier,
        bar=road(one, queries.now()),
        files=_files(one),
        log=log,
        before=found.before,
        after=found.after,
        pipeline=links.outside(one.request.pipeline.url) if one.request.pipeline else "",
    )
    return render.page(request, "operations/show.html", context, nav="operations", regions=("operation",))


def _left(one: Operation, nouns: tuple[str, str]) -> str:
    """The state that a failed run left on the target."""
    applied = one.stage(StageName.APPLIED)
    if applied is None:
        return "Nothing was changed on the target."
    if applied.finished_at:
        return f"The {nouns[1]} of {short(one.revision)} are live all the same."
    return f"Each {nouns[0]} is old or new, never torn; those that were not reached are as before."


def _files(one: Operation) -> tuple[File, ...]:
    """The plan's files in the order of the apply: contents, modes, deletions. Finished ones are marked."""
    given = [(each.path, each.action) for each in one.detail.paths[:FILES]]
    works = sorted((each for each in given if each[1] in ORDER), key=lambda each: ORDER[each[1]])
    over = one.phase is Phase.SUCCEEDED and one.kind is OperationKind.SYNC and one.outcome is not Outcome.OBSERVED
    return tuple(File(path, action, over or index < one.done) for index, (path, action) in enumerate(works))


def _hooks(log: Sequence[tuple[datetime | None, str]]) -> tuple[str, ...]:
    """When hooks ran by the word of the log: "pre", "post"."""
    return tuple(when for when in ("pre", "post") if any(line.startswith(f"Running {when} hook") for _, line in log))


def _line(event: Event, one: Operation) -> str:
    """A ledger entry as a line of the log."""
    match event.fact:
        case OperationQueued():
            return f"Queued: {started(one)}"
        case OperationStage(stage=stage):
            return stage_begun(stage)
        case OperationLog(line=line):
            return line
        case OperationConcluded(outcome=outcome, phase=phase):
            ended = look(outcome or phase, "outcome" if outcome else "phase").label
            return f"Ended: {ended}{f': {event.reason}' if event.reason else ''}"
        case StatusChanged(before=before, after=after) | HealthChanged(before=before, after=after):
            return f"{look(event.type, 'event').label}: {before} → {after}"
    label = look(event.type, "event").label
    return f"{label}: {event.reason}" if event.reason else label


@router.post("/operations/{id}/stop", dependencies=[may(Permission.TERMINATE)])
def stop(request: Request, use_cases: Cases, queries: Reads, who: Who, id: str, by: By) -> Response:
    """Stop it: at once while queued, between two items while running."""
    asked = use_cases.queue.terminate(id, by)
    in_hand = f"It stops after the {queries.operations.nouns(who, asked)[0]} in hand."
    effect = "It had not begun; nothing was changed." if asked.phase.final else in_hand
    at = f"Asked at {exact(queries.now())}."
    return render.done(request, f"/operations/{asked.id}", "Told to stop", f"{effect} {at}", "none")
