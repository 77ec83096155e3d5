"""Noticed commits in agents' reports; of agents that do not report them, what their events and operations tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from app.domain.agents.wire import decode
from app.domain.environment import Environment
from app.domain.errors import InvalidInput
from app.domain.events import EventType
from app.domain.noticing import CommitEnd, Noticer, Noticing
from app.domain.operation import Operation, Outcome
from app.domain.revision import is_sha
from app.services.agents.reports.report_context import ReportContext, check_mode, check_values
from app.services.outcomes.commit_ends import end, end_with, settle

COMPLETED = ("committed_at", "visible_after", "pushed_at")


def take_noticing(context: ReportContext, environment: Environment) -> None:
    """Store a noticed commit as its agent reports it. Raises ReportRefused, InvalidInput."""
    reported = decode(Noticing, context.data)
    check_mode(context, environment, reported.mode)
    check_values((reported.revision, reported.superseded_by), ())
    times: dict[str, Any] = {name: context.time(getattr(reported, name)) for name in ("visible_after", "ended_at")}
    ours = replace(
        reported,
        environment_id=environment.id,
        environment=environment.name,
        noticed_at=context.time(reported.noticed_at) or context.at,
        **times,
        operation=reported.operation[:26],
        pushed_at=None,  # webhooks come to the control plane
        id=0,
    )
    if (ours.ending is None) != (ours.ended_at is None):
        raise InvalidInput(fields={"ended_at": "is told with an end, and only then"})
    if not context.tx.noticings.add([ours]):
        _complete(context, ours)


def _complete(context: ReportContext, ours: Noticing) -> None:
    """Add to what is known of a commit what the agent knows beyond it."""
    known = context.tx.noticings.get(ours.environment_id, ours.revision)
    if known is None:
        return
    fresh: dict[str, Any] = {name: getattr(known, name) or getattr(ours, name) for name in COMPLETED}
    told = replace(known, **fresh)
    if known.noticed_by is Noticer.UNTOLD:
        told = replace(told, noticed_by=ours.noticed_by, noticed_at=ours.noticed_at, seen=ours.seen)
    if ours.ending and ours.ended_at:
        told = told.ended(ours.ending, ours.ended_at, ours.operation, ours.superseded_by) or told
    if told != known:
        context.tx.noticings.save(told)


def told_by_event(context: ReportContext, environment: Environment, type: EventType, data: Mapping[str, Any]) -> None:
    """Note what an event tells of a commit: agents of older versions say it nowhere else."""
    sha, outcome, by = data.get("revision"), data.get("outcome"), data.get("by")
    superseded = type is EventType.DECISION and outcome == Outcome.SUPERSEDED.value
    if not (superseded or type is EventType.REVISION_NOTICED) or not isinstance(sha, str) or not is_sha(sha):
        return
    found = Noticing(
        environment.id, environment.name, str(data.get("mode") or environment.mode.value)[:8], sha, context.at,
        seen=not superseded, observe=environment.policy.observe, committed_at=_moment(data.get("committed_at")),
    )  # fmt: skip
    context.tx.noticings.add([found])
    if superseded:
        newer = by if isinstance(by, str) and is_sha(by) else None
        end(context.tx, environment.id, sha, CommitEnd.SUPERSEDED, context.at, superseded_by=newer)


def told_by_operation(context: ReportContext, environment: Environment, reported: Operation) -> None:
    """Note what the end of an operation means for its commit."""
    if reported.phase.final:
        settle(context.tx, environment, reported)
        end_with(context.tx, reported, None)


def _moment(text: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if found and found.tzinfo else None
