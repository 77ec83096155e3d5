"""A scheduled refresh without news asks for little: most of what an installation does all day is this."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from subprocess import Popen
from typing import Any

import pytest
from sqlalchemy import event

from app.domain.operation import Phase, Trigger
from app.sources.git import Repository
from app.sources.objects.cat_file_pool import CatFilePool
from tests.support.installation import Installation

ASKED_OF_GIT = 2  # what the ref points at, and the id of the directory there
STATEMENTS = 11  # with those that queue and claim it


def test_it_asks_git_twice_and_the_database_little(here: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    here.register("push")
    here.deliver("push")
    here.refresh()
    asked, said = _counted_loans(monkeypatch), _counted_statements(here)
    assert here.refresh(trigger=Trigger.SCHEDULE).phase is Phase.SUCCEEDED
    assert len(asked) == ASKED_OF_GIT
    assert len(said) <= STATEMENTS, "\n".join(said)


def _counted_loans(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lend, found = CatFilePool.lend, list[str]()

    @contextmanager
    def counted(pool: CatFilePool, repository: Repository, style: str) -> Iterator[Popen[bytes]]:
        found.append(style)
        with lend(pool, repository, style) as process:
            yield process

    monkeypatch.setattr(CatFilePool, "lend", counted)
    return found


def _counted_statements(here: Installation) -> list[str]:
    seen: list[str] = []

    def count(*told: Any) -> None:
        if told[2].startswith(("SELECT env", "SELECT op", "SELECT drift", "INSERT", "UPDATE", "DELETE")):
            seen.append(told[2][:60])

    event.listen(here.store.engine, "before_cursor_execute", count)
    return seen
