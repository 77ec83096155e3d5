"""Domain values as the contract's JSON. Times are RFC 3339 with microseconds, UTC."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from app.domain.agents.wire import encode
from app.domain.audit import timestamp
from app.domain.environment import CONTENT, Environment, Hold
from app.domain.errors import Problem, RevisionNotFound
from app.domain.events import Event
from app.domain.noticing import Noticing
from app.domain.operation import Operation
from app.domain.specification.environment_fields import as_dict
from app.domain.specification.kind_catalogue import KindCatalogue
from app.domain.state.drift import DriftItem, DriftReport, Episode
from app.domain.state.episode_report import EpisodeReport, KeptContent
from app.domain.state.items import printable
from app.ports import Credential, HistoryItem, Page, Probe, Token
from app.services.environments.write_back import WrittenBack
from app.web.api.serializers.pinned_values import with_fingerprints


def at(moment: datetime | None) -> str | None:
    """A time on the wire."""
    return timestamp(moment) if moment else None


def page_json(items: list[dict[str, Any]], next: str | int | None) -> dict[str, Any]:
    """A list with the cursor of what follows."""
    return {"items": items, "next": str(next) if next is not None else None}


def page_of(page: Page[Any], shape: Any) -> dict[str, Any]:
    """A page of domain values."""
    return page_json([shape(item) for item in page.items], page.next)


def hold_json(hold: Hold | None) -> dict[str, Any] | None:
    """A hold, or null."""
    if hold is None:
        return None
    return {
        "owner": hold.owner,
        "reason": hold.reason,
        "created_at": at(hold.created_at),
        "expires_at": at(hold.expires_at),
        "left_revision": hold.left_revision,
    }


def status_json(environment: Environment, now: datetime) -> dict[str, Any]:
    """An environment's status; a stale verdict reads Unknown."""
    status = environment.status
    return {
        "sync": environment.sync_at(now).value,
        "health": environment.health_at(now).value,
        "revision": status.revision,
        "subject": status.subject,
        "author": status.author,
        "live_since": at(status.live_since),
        "divergence": status.divergence.value if status.divergence else None,
        "noticed": status.noticed,
        "noticed_at": at(status.noticed_at),
        "last_good": status.last_good,
        "checked_at": at(status.checked_at),
        "expires_at": at(status.expires_at),
        "files": status.files,
        "drift_count": status.drift_count,
        "episode": status.drift_episode,
        "operation": status.operation,
        "last_outcome": status.last_outcome,
        "last_reason": status.last_reason,
        "last_finished_at": at(status.last_finished_at),
        "hold": hold_json(environment.hold),
        "heard_at": at(status.heard_at),
        "message": str(status.condition),
    }


def environment_json(environment: Environment, kinds: KindCatalogue, now: datetime) -> dict[str, Any]:
    """An environment in the contract's shape."""
    extra = {"agent": environment.agent, "created_at": at(environment.created_at), "version": environment.version}
    shown = as_dict(environment)
    return {
        **shown,
        "source": {**dict.fromkeys(CONTENT, False), **shown["source"]},
        "target": with_fingerprints(kinds, shown["target"]),
        "status": status_json(environment, now),
        **extra,
    }


def operation_json(one: Operation) -> dict[str, Any]:
    """An operation in the contract's shape, with what pages and the command line show besides."""
    request, changes = one.request, one.changes
    pipeline = request.pipeline
    return {
        "id": one.id,
        "environment": one.environment,
        "mode": one.mode,
        "kind": one.kind.value,
        "trigger": one.trigger.value,
        "initiated_by": request.initiated_by,
        "phase": one.phase.value,
        "from_revision": one.from_revision,
        "revision": one.revision,
        "wanted": request.wanted,
        "subject": one.subject,
        "author": one.author,
        "outcome": one.outcome.value if one.outcome else None,
        "reason": one.reason,
        "created_at": at(one.created_at),
        "started_at": at(one.started_at),
        "finished_at": at(one.finished_at),
        "stages": [
            {"name": stage.name.value, "started_at": at(stage.started_at), "finished_at": at(stage.finished_at)}
            for stage in one.stages
        ],
        "changes": {
            "created": changes.created,
            "updated": changes.updated,
            "deleted": changes.deleted,
            "unchanged": changes.unchanged,
        },
        "progress": {"done": one.done, "total": one.total},
        "paths": encode(one.detail.paths),
        "only_paths": list(request.paths),
        "unsupported": encode(one.detail.unsupported),
        "pipeline": {"url": pipeline.url, "id": pipeline.id, "commit_time": at(pipeline.commit_time)}
        if pipeline
        else None,
        "retry_of": request.retry_of,
        "webhook_missed": request.webhook_missed,
        "termination_by": one.termination_by,
    }


def event_json(event: Event) -> dict[str, Any]:
    """A ledger entry."""
    return {
        "id": event.id,
        "at": at(event.at),
        "environment": event.environment,
        "operation": event.operation,
        "type": event.type.value,
        "reason": event.reason,
        "data": dict(event.data),
        "origin": dict(event.origin) if event.origin else None,
    }


def history_json(item: HistoryItem) -> dict[str, Any]:
    """A revision that was live."""
    plain = ("revision", "subject", "author", "outcome", "initiated_by", "trigger", "operation", "good", "bad")
    return {
        **{name: getattr(item, name) for name in plain},
        "message": item.subject,
        "bad_reason": item.bad_reason,
        "current": item.current,
        "committed_at": at(item.committed_at),
        "live_at": at(item.live_at),
        "left_at": at(item.left_at),
    }


def noticing_json(one: Noticing) -> dict[str, Any]:
    """A noticed commit and its end."""
    times = ("committed_at", "visible_after", "pushed_at", "noticed_at", "ended_at")
    return {
        **{name: getattr(one, name) for name in ("environment", "mode", "revision", "seen", "superseded_by")},
        **{name: at(getattr(one, name)) for name in times},
        "noticed_by": one.noticed_by.value or None,
        "end": one.ending.value if one.ending else None,
        "operation": one.operation or None,
    }


def credential_json(one: Credential) -> dict[str, Any]:
    """A credential without its secret."""
    return {
        "name": one.name,
        "kind": one.kind,
        "created_at": at(one.created_at),
        "created_by": one.created_by,
        "used_at": at(one.used_at),
        "public": dict(one.public),
    }


def token_json(one: Token, secret: str | None = None) -> dict[str, Any]:
    """A token without its secret, unless it has just been made."""
    shown = {"token": secret} if secret else {}
    return {
        "id": one.id,
        "name": one.name,
        "prefix": one.prefix,
        "role": one.role,
        "created_by": one.created_by,
        "created_at": at(one.created_at),
        "expires_at": at(one.expires_at),
        "used_at": at(one.used_at),
        "revoked_at": at(one.revoked_at),
        **shown,
    }


def drift_json(environment: Environment, stored: DriftReport | None, checked_at: datetime | None) -> dict[str, Any]:
    """A drift report in the contract's shape."""
    report = stored or DriftReport()
    return {
        "environment": environment.name,
        "revision": environment.status.revision,
        "checked_at": at(checked_at),
        "items": [drifted_json(one) for one in report.items],
        "count": report.count,
        "episode": environment.status.drift_episode,
        "ignored": list(report.ignored),
        "unmanaged": list(report.unmanaged),
        "unmanaged_count": report.unmanaged_count,
    }


def drifted_json(one: DriftItem) -> dict[str, Any]:
    """A drifted path."""
    shown = {"path": one.path, "change": one.change.value, "diff": one.diff}
    return {**shown, "masked_lines": one.secret_lines}


def episode_json(one: Episode) -> dict[str, Any]:
    """A drift episode."""
    plain = ("id", "environment", "mode", "revision", "count", "operation")
    return {
        **{name: getattr(one, name) for name in plain},
        **{name: at(getattr(one, name)) for name in ("last_good_at", "detected_at", "acknowledged_at", "ended_at")},
        "paths": list(one.paths),
        "acknowledged_by": one.acknowledged_by or None,
        "ending": one.ending.value if one.ending else None,
        "ended_by": one.ended_by or None,
    }


def episode_with_changes_json(
    one: Episode, report: EpisodeReport | None, contents: Iterable[KeptContent]
) -> dict[str, Any]:
    """A drift episode with what it keeps of its changes."""
    found = (
        {**drifted_json(each.item), "changed_after": at(each.after), "found_at": at(each.at)}
        for each in (report.items if report else ())
    )
    branchable = [printable(each.key) for each in contents]
    return {**episode_json(one), "kept": report is not None, "items": list(found), "branchable": branchable}


def written_back_json(done: WrittenBack) -> dict[str, Any]:
    """A commit of what drifted, and what follows."""
    return {
        "revision": done.revision.sha,
        "branch": done.branch,
        "operation": operation_json(done.operation) if done.operation else None,
        "waits": done.waits,
        "left_out": [{"path": one.path, "masked_lines": one.secret_lines} for one in done.left_out],
    }


def probe_json(found: Probe) -> dict[str, Any]:
    """What a look at a repository found."""
    revision = found.revision
    return {
        "reachable": True,
        "problem": None,
        "branches": list(found.branches),
        "tags": list(found.tags),
        "default_branch": found.default_branch,
        "revision": revision.sha if revision else None,
        "subject": revision.subject if revision else None,
        "files": found.files,
        "unsupported": [{"path": printable(one.key), "kind": one.kind} for one in found.unsupported],
    }


def unusable_json(problem: Problem) -> dict[str, Any]:
    """Why a repository cannot be used."""
    empty = probe_json(Probe((), (), None, None, 0))
    shown = {"code": problem.code(), "detail": problem.detail}
    return {**empty, "reachable": isinstance(problem, RevisionNotFound), "problem": shown}
