"""One environment before and after its switch: each side from its own ledger."""

from __future__ import annotations

import pytest

from app.comparison.export import as_dict
from app.domain.errors import EnvironmentNotFound
from app.domain.identity import SYSTEM
from tests.support.installation import ME, Installation

pytestmark = pytest.mark.thorough


def commit(here: Installation, text: str) -> str:
    here.clock.pass_(60)
    return here.repo.commit({"deploy/index.html": text}, when=int(here.clock.at.timestamp()))


@pytest.fixture
def switched(here: Installation) -> Installation:
    """Three pushes, then the switch, then two pulls; and another environment that has nothing to do with it."""
    here.register("push")
    here.register("push", "other")
    here.push()
    for text in ("two\n", "three\n"):
        sha = commit(here, text)
        here.clock.pass_(5)
        here.push(sha)
        here.push(sha, "other")
    here.use_cases.switching.switch("shop", {"mode": "pull"}, ME)
    for text in ("four\n", "five\n"):
        commit(here, text)
        here.poll()
    (here.servers / "shop" / "index.html").write_text("edited by hand\n")
    here.refresh()
    return here


def test_each_side_has_what_ran_in_it(switched: Installation) -> None:
    found = switched.queries.comparison.compare(SYSTEM, "all", "", "shop")
    lead, drift = found.row("lead_time"), found.row("drift_found")
    assert (lead.push.n, lead.pull.n) == (2, 2)
    assert (drift.push.n, drift.pull.n) == (0, 1)
    assert lead.verdict.text.startswith("Too few to say")
    assert found.environments == {"push": 1, "pull": 1}
    assert found.row("automation").push.value == 1


def test_it_says_what_is_compared(switched: Installation) -> None:
    subject = switched.queries.comparison.compare(SYSTEM, "all", "", "shop").subject
    assert subject is not None
    (mark,) = subject.switches
    assert (mark.before, mark.after, mark.by) == ("push", "pull", str(ME))
    assert subject.sentence.startswith("shop against itself: push from ")
    assert "(3 syncs)" in subject.sentence
    assert "until now (2 syncs)" in subject.sentence
    assert as_dict(switched.queries.comparison.compare(SYSTEM, "all", "", "shop"))["subject"]["environment"] == "shop"


def test_what_is_written_down_is_counted_for_both_sides(switched: Installation) -> None:
    found = switched.queries.comparison.compare(SYSTEM, "all", "", "shop")
    effort = found.row("installation_effort")
    assert (effort.push.value, effort.pull.value) == (2, 1)  # the pipeline's step went with the push
    assert found.row("first_delivery").pull.n == 0
    assert found.row("status_synchronization").push.n == 0


def test_there_and_back_counts_both_stretches(switched: Installation) -> None:
    switched.use_cases.switching.switch("shop", {"mode": "push"}, ME)
    switched.push(commit(switched, "six\n"))
    found = switched.queries.comparison.compare(SYSTEM, "all", "", "shop")
    assert (found.row("lead_time").push.n, found.row("lead_time").pull.n) == (3, 2)
    assert found.subject is not None
    assert " and from " in found.subject.sentence
    assert found.row("first_delivery").push.n == 1


def test_one_that_was_not_switched_says_so(switched: Installation) -> None:
    found = switched.queries.comparison.compare(SYSTEM, "all", "", "other")
    assert found.subject is not None
    assert "other has not run as pull yet" in found.subject.sentence
    assert "Switch it to pull" in found.subject.sentence
    assert "a shadow in pull" in found.subject.sentence
    assert {row.pull.sentence for row in found.rows} == {"other has not run as pull yet."}
    assert "not run as" not in "".join(row.push.sentence for row in found.rows)
    assert (found.row("lead_time").push.n, found.row("lead_time").pull.n) == (
        1,
        0,
    )  # the first delivery has no lead time
    assert switched.queries.comparison.compare(SYSTEM, "all").subject is None


def test_one_whose_switch_lies_before_the_window_says_that_instead(switched: Installation) -> None:
    switched.clock.pass_(2 * 86400)
    found = switched.queries.comparison.compare(SYSTEM, "24h", "", "shop")
    assert found.subject is not None
    assert "was not switched in this window" in found.subject.sentence
    assert "has not run" not in "".join(row.push.sentence for row in found.rows)


def test_an_unknown_environment_is_named(here: Installation) -> None:
    with pytest.raises(EnvironmentNotFound):
        here.queries.comparison.compare(SYSTEM, "all", "", "nowhere")
