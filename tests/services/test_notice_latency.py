"""What polling costs is what theory says: commits that come whenever are noticed after half an interval on average."""

from __future__ import annotations

from statistics import fmean

import pytest

from app.comparison import Question
from app.domain.identity import SYSTEM
from tests.support.installation import Installation

INTERVAL_S, COMMITS = 5.0, 24
APART_S = INTERVAL_S * 0.618033988749895  # the golden ratio's part: phases fill the interval evenly, and never repeat


def test_the_mean_wait_for_a_poll_is_half_the_interval_with_what_was_overtaken(here: Installation) -> None:
    here.register("pull", interval_s=int(INTERVAL_S))
    here.use_cases.poller.poll(here.url)
    here.run()
    poll_s, commit_s, now_s = INTERVAL_S, APART_S, 0.0
    shas: list[str] = []
    live = set()
    while len(shas) < COMMITS or now_s < commit_s - APART_S + INTERVAL_S:
        step = min(poll_s, commit_s) if len(shas) < COMMITS else poll_s
        here.clock.pass_(step - now_s)
        now_s = step
        if step == commit_s:
            when = int(here.clock.at.timestamp())
            shas.append(here.repo.commit({"deploy/index.html": f"{now_s}\n"}, when=when))
            commit_s += APART_S
        else:
            here.use_cases.poller.poll(here.url)
            live |= {one.revision for one in here.run()}
            poll_s += INTERVAL_S
    rows = here.queries.comparison.behind(SYSTEM, Question(), "noticed", "pull").rows
    assert {row.revision for row in rows} == set(shas)  # each once
    assert len(live & set(shas)) < COMMITS  # some were overtaken
    assert fmean(row.value for row in rows) == pytest.approx(INTERVAL_S / 2, rel=0.05)
