"""An environment's timeline: one drift is one line, bars are on one scale, revisions lead to the Git host."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.operation import Stage, StageName
from app.web.rendering import links, plots
from tests.web.pages.conftest import Filled

T0 = datetime(2026, 11, 23, 15, tzinfo=UTC)
SHA = "9be417d0c2f64c0b8f5d1f2a7e6b3c4d5e6f7a8b"


def titles(page: str) -> list[str]:
    """The lines of a timeline, newest first, without what follows the title."""
    lines = re.findall(r'<li class="\w*" id="[^"]+">.*?<div><p>(.*?)</p>', page, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", line).split()) for line in lines]


def test_one_drift_is_one_line_that_grows(filled: Filled) -> None:
    server = filled.server
    server.environment("moved", filled.repo)
    server.sync("moved", revision=filled.shas[0])
    (server.live / "moved" / "index.html").write_text("by hand\n")
    server.refresh("moved")
    assert titles(filled.person.get("/environments/moved").text)[0] == "Drift in 1 file"
    filled.person.post("/environments/moved/drift/acknowledgements")
    healed = server.end(server.call("POST", "/environments/moved/drift/heals", status=202))
    page = filled.person.get("/environments/moved").text
    drifts = [title for title in titles(page) if "rift" in title or "Refreshed" in title]
    assert drifts == ["Drift in 1 file, ended: healed"]
    assert re.search(r"Found at [\d:]+ UTC: index.html; known to admin; ended by .*, after ", page)
    assert f'href="/operations/{healed["id"]}"' in page


def test_a_failed_delivery_and_the_reason_of_a_hold_stand_above_every_view(filled: Filled) -> None:
    server = filled.server
    hooks = [{"when": "pre", "command": ["sh", "-c", "echo no room left; false"]}]
    server.environment("stuck", filled.repo)
    server.sync("stuck", revision=filled.shas[0])
    server.call("PATCH", "/environments/stuck", {"policy": {"hooks": hooks}})
    server.sync("stuck", revision=filled.shas[1])
    server.call("PUT", "/environments/stuck/hold", {"reason": "Waiting for the disk"})
    (server.live / "stuck" / "index.html").write_text("by hand\n")
    server.refresh("stuck")
    for view in ("", "/history", "/drift", "/settings"):
        page = filled.person.get(f"/environments/stuck{view}").text
        assert f"The last delivery, of {filled.shas[1][:8]}, did not get through." in page, view
        assert "no room left" in page, view
        assert "<b>Waiting for the disk.</b>" in page, view


def test_the_length_of_a_bar_is_time_on_one_scale() -> None:
    def delivery(seconds: float) -> tuple[plots.RoadStep, ...]:
        stages = [Stage(StageName.NOTICED, T0, T0), Stage(StageName.FETCHED, T0, T0 + timedelta(seconds=seconds))]
        return plots.steps(stages, T0)

    on = plots.axis([2.0, 8.0])
    short, long = (sum(step.width for step in plots.on_axis(delivery(span), on)) for span in (2.0, 8.0))
    assert long == pytest.approx(4 * short, rel=0.1)
    assert on.words == "Length is time, on one scale up to 10 s."
    assert "logarithmic" in plots.axis([0.1, 600.0]).words
    assert plots.axis([]).words == ""


@pytest.mark.parametrize(
    ("repository", "page"),
    [
        ("https://github.com/acme/shop.git", f"https://github.com/acme/shop/commit/{SHA}"),
        ("git@github.com:acme/shop.git", f"https://github.com/acme/shop/commit/{SHA}"),
        ("https://token:x@gitlab.example.org/a/b/c", f"https://gitlab.example.org/a/b/c/-/commit/{SHA}"),
        ("ssh://git@bitbucket.org/acme/shop", f"https://bitbucket.org/acme/shop/commits/{SHA}"),
        ("ssh://git@gitea.local:2222/acme/shop.git", f"https://gitea.local/acme/shop/commit/{SHA}"),
        ("/srv/git/github/shop.git", ""),
        ("https://example.org/acme/shop.git", ""),
        ("https://github.com/acme/sh op", ""),
        ("javascript:github.com/a/b", ""),
    ],
)
def test_a_revision_leads_to_the_git_host_where_its_address_tells(repository: str, page: str) -> None:
    assert links.commit(repository, SHA) == page
    assert links.commit(repository, "main") == ""
