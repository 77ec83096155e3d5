"""The other environments that deliver to the host of an environment's target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from app.domain.environment import Environment, RunsOn, TargetSpec
from app.store import tables
from app.store.rows import readable

env = tables.environments


def neighbours(connection: Connection, environment: Environment) -> Mapping[str, TargetSpec]:
    """Targets by name; none for a shadow, which touches nothing, nor where the host is not known yet."""
    unknown = environment.runs_on is RunsOn.AGENT and environment.agent is None
    if environment.policy.observe or unknown:
        return {}
    query = select(env.c.name, env.c.target_kind, env.c.target, env.c.policy).where(
        env.c.name != environment.name, env.c.runs_on == environment.runs_on.value
    )
    if environment.runs_on is RunsOn.AGENT:
        query = query.where(env.c.agent == environment.agent)
    found = readable(connection.execute(query), _target, "environments")
    return {name: target for name, target, shadow in found if not shadow}


def _target(row: Any) -> tuple[str, TargetSpec, bool]:
    return row.name, TargetSpec(row.target_kind, row.target), bool(row.policy.get("observe"))


def same_road(environment: Environment) -> Sequence[ColumnElement[bool]]:
    """The SQL conditions for environments with the same source and the same target."""
    source, target = environment.source, environment.target
    return (
        env.c.repo_url == source.repo_url,
        env.c.ref == source.ref,
        env.c.path == source.path,
        env.c.content == " ".join(source.content.chosen()),
        env.c.target_kind == target.kind,
        env.c.target == dict(target.options),
        env.c.id != environment.id,
    )
