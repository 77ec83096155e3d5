"""The overview with many environments: what a row says, labels that filter, and acts on those that were chosen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from app.domain.environment import Hold
from app.web.pages.query_parameters import split_search
from app.wording.needs_words import kept_back
from tests.support.server import LiveServer
from tests.web.pages.conftest import logged_in

LABELS = {"service": "checkout payments", "tier": "prod", "region": "us-east-1", "team": "payments"}
NAMES = [f"checkout-payments-frontend-prod-us-east-{number}" for number in range(1, 4)]
REFUSING = [{"when": "pre", "command": ["sh", "-c", "false"]}]
NOW = datetime(2026, 11, 23, 15, 2, 11, tzinfo=UTC)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """Three environments with long names and four labels: the first held, the second failed, the third plain."""
    with LiveServer(tmp_path_factory.mktemp("fleet")) as running:
        repo = running.repo("checkout")
        for name in NAMES:
            hooks = REFUSING if name == NAMES[1] else []
            running.environment(name, repo, labels=LABELS, policy={"hooks": hooks})
            running.sync(name)
        running.call("PUT", f"/environments/{NAMES[0]}/hold", {"reason": "Black Friday"})
        yield running


@pytest.fixture
def person(server: LiveServer) -> Iterator[httpx.Client]:
    with logged_in(server) as client:
        yield client


def row(page: str, name: str) -> str:
    """The HTML of one environment's row."""
    found = re.search(rf'<tr id="row-{name}".*?</tr>', page, re.DOTALL)
    assert found, name
    return found[0]


def held(server: LiveServer, name: str) -> str:
    hold = server.call("GET", f"/environments/{name}")["status"]["hold"]
    return hold["reason"] if hold else ""


def test_a_row_tells_of_a_hold_and_of_a_failed_delivery(person: httpx.Client) -> None:
    page = person.get("/").text
    assert re.search(r'title="Automation is held by [^"]* Black Friday\.[^>]*>.*?held', row(page, NAMES[0]), re.DOTALL)
    assert re.search(r'badge bad" title="pre hook[^"]*".*?failed', row(page, NAMES[1]), re.DOTALL)
    assert not re.search(r"held|failed", row(page, NAMES[2]))
    assert re.search(r"1 held since \d", page)


def test_labels_beyond_two_are_counted_and_each_of_the_two_filters(server: LiveServer, person: httpx.Client) -> None:
    server.environment("other", server.repo("other"), labels={"service": "other payments"})
    shown = row(person.get("/").text, NAMES[0])
    assert "more: region=us-east-1 team=payments<" in shown
    assert ">+2<" in shown
    links = re.findall(r'href="(/\?q=[^"]*)"', shown)
    assert len(links) == 2
    for link in links:
        found = set(re.findall(r'<tr id="row-([\w-]+)"', person.get(link).text))
        assert found == set(NAMES), link


def test_quotes_hold_a_label_with_spaces_together() -> None:
    assert split_search('web owner="team a" tier=prod') == ("web", {"owner": "team a", "tier": "prod"})
    assert split_search('a "b') == ("a b", {})


def test_the_chosen_are_refreshed_and_the_way_back_keeps_the_filters(server: LiveServer, person: httpx.Client) -> None:
    form = {"name": NAMES[:2], "back": "/?q=tier%3Dprod"}
    answer = person.post("/bulk/refreshes", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/?q=tier%3Dprod")
    assert "Refreshing 2 environments" in person.get(answer.headers["location"]).text
    for name in NAMES[:2]:
        found = server.call("GET", "/operations", environment=name, kind="refresh")["items"]
        assert [one["initiated_by"] for one in found][:1] == ["user:admin"], name


def test_what_cannot_be_done_is_said_of_each_and_the_others_are_done(server: LiveServer, person: httpx.Client) -> None:
    answer = person.post("/bulk/hold", data={"name": [*NAMES, "gone"], "reason": "Freeze"})
    assert answer.status_code == 200
    assert "Holding 2 of 4 environments" in answer.text
    assert "held by token bootstrap already (Black Friday)" in answer.text
    assert re.search(
        r'href="/environments/gone">gone</a></td><td>[^<]*no (such )?environment', answer.text, re.IGNORECASE
    )
    assert [held(server, name) for name in NAMES] == ["Black Friday", "Freeze", "Freeze"]
    answer = person.post("/bulk/resume", data={"name": NAMES[1:]})
    assert answer.status_code == 303
    answer = person.post("/bulk/resume", data={"name": NAMES[1:]})
    assert answer.text.count("It is not held.") == 2
    assert held(server, NAMES[0]) == "Black Friday"


def test_a_hold_of_many_needs_a_reason_and_some_that_are_meant(server: LiveServer, person: httpx.Client) -> None:
    answer = person.post("/bulk/hold", data={"name": NAMES[1:]})
    assert answer.text.count("say why, for those who wonder") == 2
    assert held(server, NAMES[1]) == ""
    answer = person.post("/bulk/hold", data={"reason": "x", "back": "//evil.example"})
    assert answer.headers["location"] == "/"
    assert "No environment was chosen" in person.get("/").text


def test_all_holds_in_a_sentence() -> None:
    plain = Hold("user:kim", "", NOW - timedelta(days=3, minutes=5))
    back = [Hold("user:kim", "", NOW - timedelta(hours=hours), left_revision="a" * 40) for hours in (2, 4)]
    assert kept_back([], NOW) == ""
    assert kept_back([plain], NOW) == "1 held since 3 d."
    assert kept_back([plain, *back], NOW) == "1 held since 3 d; 2 rolled back, the first since 4 h."
