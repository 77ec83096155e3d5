"""Drift, and the answers to it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response

from app.domain.permissions import Permission
from app.services.environments.write_back import WriteBackWish
from app.web.api.cursors import number
from app.web.api.deprecation import deprecated_for
from app.web.api.fields import LINE, AfterNumber, EpisodeId, Limit, Name, OneName
from app.web.api.openapi import problems
from app.web.api.request_bodies.bodies import EpisodeBranchBody, HealBody, IgnoreBody, WriteBackBody
from app.web.api.response_models import Drift, Episode, EpisodeWithChanges, Items, Operation, WrittenBack, reply
from app.web.api.routes.operation_routes import accepted
from app.web.api.serializers.domain_json import (
    drift_json,
    episode_json,
    episode_with_changes_json,
    page_of,
    written_back_json,
)
from app.web.requests.permission_check import By, Who, may
from app.web.requests.route_dependencies import Cases, Reads
from app.web.requests.routers import api_router

router = api_router("drift")
RulePath = Annotated[str, Query(min_length=1, max_length=2000, pattern=LINE, description="Path of the rule.")]


@router.get("/environments/{name}/drift", response_model=Drift, dependencies=[may(Permission.READ_DIFFS)])
def show_drift(name: Name, queries: Reads, who: Who) -> Response:
    """What moved on the target, as the last full comparison found it."""
    found = queries.drift.of_environment(who, name)
    return reply(drift_json(found.environment, found.report, found.environment.status.checked_at))


@router.get(
    "/drift/episodes", response_model=Items[Episode], responses=problems(404), dependencies=[may(Permission.VIEW)]
)
def list_episodes(
    queries: Reads,
    who: Who,
    limit: Limit = 50,
    after: AfterNumber = "",
    environment: OneName = "",
    open: Annotated[bool, Query(description="Only those that have not ended.")] = False,
) -> Response:
    """Drift episodes, open and ended, newest first."""
    page = queries.drift.all_episodes(who, environment, limit, number(after), open_only=open)
    return reply(page_of(page, episode_json))


@router.get("/drift/episodes/{id}", response_model=EpisodeWithChanges, dependencies=[may(Permission.READ_DIFFS)])
def show_episode(id: EpisodeId, queries: Reads, who: Who) -> Response:
    """One drift episode, with the masked differences that it keeps also after it has ended."""
    found = queries.drift.episode(who, int(id))
    return reply(episode_with_changes_json(found.episode, found.report, found.contents))


@router.post(
    "/drift/episodes/{id}/branch",
    status_code=202,
    response_model=WrittenBack,
    responses=problems(409, 424, 503),
    dependencies=[may(Permission.WRITE_BACK_DRIFT)],
)
def branch_episode(id: EpisodeId, use_cases: Cases, by: By, body: EpisodeBranchBody | None = None) -> Response:
    """Make a branch of what stood on the target, on the revision that was live then, also after the episode has ended.

    Files that look like secrets are left out unless `include_secrets` names them. Nothing on the target changes.
    """
    given = body or EpisodeBranchBody()
    wish = WriteBackWish(given.paths, given.branch, given.message, given.include_secrets)
    return reply(written_back_json(use_cases.drift.branch_episode(int(id), wish, by)), 202)


@router.post(
    "/environments/{name}/drift/heals",
    status_code=202,
    response_model=Operation,
    responses=problems(409),
    dependencies=[may(Permission.HEAL_DRIFT)],
)
def heal(name: Name, use_cases: Cases, by: By, body: HealBody | None = None) -> Response:
    """Make live equal the live revision again, at all that drifted or at `paths`. Under a hold only with
    `override_hold`."""
    given = body or HealBody()
    return accepted(use_cases.drift.heal(name, by, given.reason, given.paths, override_hold=given.override_hold))


@router.post(
    "/environments/{name}/drift/acknowledgements", status_code=204, dependencies=[may(Permission.ACKNOWLEDGE_DRIFT)]
)
def acknowledge(name: Name, use_cases: Cases, by: By) -> None:
    """Say that somebody knows of the open episode."""
    use_cases.drift.acknowledge(name, by)


@router.post(
    "/environments/{name}/drift/write-backs",
    status_code=202,
    response_model=WrittenBack,
    responses=problems(409, 424, 503),
    dependencies=[may(Permission.WRITE_BACK_DRIFT)],
)
def write_back(name: Name, use_cases: Cases, by: By, body: WriteBackBody | None = None) -> Response:
    """Commit what drifted, on the live revision, onto a branch in Git and push it.

    Files that look like secrets are left out unless `include_secrets` names them. On the environment's own branch the
    commit becomes the live revision, and nothing on the target changes; under a hold it waits. A conflict names the
    commit on the branch that changed the same file.
    """
    given = body or WriteBackBody()
    wish = WriteBackWish(given.paths, given.branch, given.message, given.include_secrets)
    return reply(written_back_json(use_cases.drift.write_back(name, wish, by)), 202)


@router.post(
    "/environments/{name}/drift/adoptions",
    status_code=202,
    response_model=WrittenBack,
    responses=problems(409, 424, 503),
    dependencies=[may(Permission.WRITE_BACK_DRIFT)],
    deprecated=True,
)
def adopt(name: Name, use_cases: Cases, by: By, body: WriteBackBody | None = None) -> Response:
    """The old address of `drift/write-backs`, which answers alike."""
    answer = write_back(name, use_cases, by, body)
    answer.headers.update(deprecated_for(f"/api/v1/environments/{name}/drift/write-backs"))
    return answer


@router.put(
    "/environments/{name}/ignore-rules",
    status_code=202,
    response_model=Operation,
    dependencies=[may(Permission.IGNORE_DRIFT)],
)
def ignore(name: Name, body: IgnoreBody, use_cases: Cases, by: By) -> Response:
    """Accept drift at a path or glob; the answer is the refresh that follows."""
    return accepted(use_cases.drift.ignore(name, [body.path], body.reason, body.expires_at, by))


@router.delete(
    "/environments/{name}/ignore-rules",
    status_code=202,
    response_model=Operation,
    dependencies=[may(Permission.IGNORE_DRIFT)],
)
def stop_ignoring(name: Name, path: RulePath, use_cases: Cases, by: By) -> Response:
    """Remove an ignore rule; the answer is the refresh that follows."""
    return accepted(use_cases.drift.stop_ignoring(name, path, by))
