"""What a page says first about an environment is true, also where nothing is live and Git cannot be read."""

from __future__ import annotations

from dataclasses import fields, replace
from types import SimpleNamespace
from typing import cast

from app.domain.environment import Environment, Mode, SourceSpec, Status, TargetSpec
from app.domain.status import CLEAR, Condition, ConditionKind, Health, SyncStatus
from app.queries.environment_state import EnvironmentState
from app.web.pages.environments.header import Head
from app.web.pages.environments.notices import notices

ONE = Environment(1, "docs", Mode.PULL, SourceSpec("https://git.example/a.git"), TargetSpec("directory"))
UNREADABLE = Condition(ConditionKind.SOURCE, "The repository cannot be read.")


def told(status: Status) -> str:
    """All notices of an environment that nobody delivered to."""
    empty = dict.fromkeys([*(each.name for each in fields(Head)), *vars(Head), *vars(EnvironmentState)], None)
    known = {"environment": replace(ONE, status=status), "health": Health.UNKNOWN, "sync": SyncStatus.UNKNOWN}
    head = SimpleNamespace(**{**empty, **known, "tab": "timeline"})
    return " ".join(f"{one.title} {one.body}" for one in notices(cast(Head, head)))


def test_a_repository_that_cannot_be_read_is_not_on_its_way_to_be_read() -> None:
    words = told(Status(condition=UNREADABLE))
    assert "Nothing is live yet." in words
    assert "The repository cannot be read." in words
    assert "on its way" not in words
    assert "keeps running" not in words
    assert "The next poll tries again." in words


def test_a_repository_that_nobody_looked_at_is_read_by_the_first_poll() -> None:
    assert "The first poll is on its way." in told(Status(condition=CLEAR))
