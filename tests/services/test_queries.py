"""The read side: what an identity may not see does not exist, and a page costs as many statements as it ever did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event

from app.domain.errors import EnvironmentNotFound
from app.domain.identity import SYSTEM, Identity
from app.ports import EnvironmentFilter
from tests.support.installation import Installation

NOBODY = replace(SYSTEM, role="nobody")  # a role that grants nothing
BY_NAME: dict[str, Callable[[Any, Identity, str], object]] = {
    "get": lambda queries, who, name: queries.environments.get(who, name),
    "state": lambda queries, who, name: queries.state.read(who, name),
    "history": lambda queries, who, name: queries.history.page(who, name, 10, None),
    "a revision": lambda queries, who, name: queries.history.find(who, name, "0" * 40),
    "drift": lambda queries, who, name: queries.drift.of_environment(who, name),
    "episodes": lambda queries, who, name: queries.drift.episodes(who, name, 10, None),
    "all episodes": lambda queries, who, name: queries.drift.all_episodes(who, name, 10, None),
    "events": lambda queries, who, name: queries.events.after(who, 0, 10, environment=name),
    "timeline": lambda queries, who, name: queries.events.timeline(who, name, 10, None),
    "webhook": lambda queries, who, name: queries.secrets.webhook(who, name, 10),
    "shadows": lambda queries, who, name: queries.shadows.pairs(who, name),
    "comparison": lambda queries, who, name: queries.comparison.compare(who, "7d", "", name),
}


@pytest.mark.parametrize("ask", BY_NAME.values(), ids=BY_NAME)
def test_what_an_identity_may_not_see_does_not_exist(
    here: Installation, ask: Callable[[Any, Identity, str], object]
) -> None:
    here.register("push")
    ask(here.queries, SYSTEM, "shop")
    told = []
    for who, name in ((NOBODY, "shop"), (SYSTEM, "none")):
        with pytest.raises(EnvironmentNotFound) as caught:
            ask(here.queries, who, name)
        told.append(caught.value.detail.replace(name, "NAME"))
    assert told[0] == told[1] == "There is no environment 'NAME'."


def test_lists_leave_out_what_an_identity_may_not_see(here: Installation) -> None:
    here.register("push")
    environments, now = here.queries.environments, here.queries.now()
    assert [row.environment.name for row in environments.page(SYSTEM, EnvironmentFilter(), now, 10, None).items] == [
        "shop"
    ]
    assert environments.page(NOBODY, EnvironmentFilter(), now, 10, None).items == ()
    assert environments.overview(NOBODY, EnvironmentFilter(), 10, None).page.items == ()


def test_a_name_is_taken_whoever_asks(here: Installation) -> None:
    here.register("push")
    assert here.queries.environments.taken(NOBODY, "shop")
    assert not here.queries.environments.taken(SYSTEM, "other")


def test_the_overview_asks_the_database_as_often_for_many_environments_as_for_few(here: Installation) -> None:
    counts, overview = [], here.queries.environments.overview
    for names in (("a", "b"), ("c", "d", "e", "f", "g", "h")):
        for name in names:
            here.register("push", name)
        counts.append(_statements(here, lambda: overview(SYSTEM, EnvironmentFilter(), 50, None)))
    assert counts[0] == counts[1]


def _statements(here: Installation, ask: Callable[[], object]) -> int:
    seen: list[str] = []
    event.listen(here.store.engine, "before_cursor_execute", lambda *told: seen.append(told[2]))
    ask()
    return len(seen)
