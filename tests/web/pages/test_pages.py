"""Every page, filled and empty: it answers, escapes what others wrote, stays small, and obeys the content policy."""

from __future__ import annotations

import re

import httpx
import pytest

from app.web.rendering import links
from tests.support.server import LiveServer
from tests.web.pages.conftest import HOSTILE, LABEL, PATH, Filled, logged_in

EMPTY = ("/", "/environments/new", "/operations", "/drift", "/audit", "/compare", "/settings", "/patterns", "/login")


def sound(answer: httpx.Response) -> None:
    """A page as every page has to be."""
    assert answer.status_code == 200, answer.text[-500:]
    assert len(answer.content) < 100_000
    assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=\"|href=\"javascript:", answer.text)
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    ids = re.findall(r'\sid="([^"]+)"', answer.text)
    assert [name for name in ids if ids.count(name) > 1] == []


def test_every_page_of_a_filled_installation_is_sound(filled: Filled) -> None:
    for path in filled.pages:
        sound(filled.person.get(path))


def test_every_page_of_an_empty_installation_is_sound(fresh: LiveServer) -> None:
    with logged_in(fresh) as person:
        for path in EMPTY:
            answer = person.get(path, follow_redirects=True)
            sound(answer)
        assert "Deliver your first environment" in person.get("/").text


def test_what_others_wrote_is_text(filled: Filled) -> None:
    history = filled.person.get("/environments/shop/history").text
    assert HOSTILE not in history
    assert "Fix &lt;script&gt;" in history
    timeline = filled.person.get("/environments/shop").text
    assert LABEL not in timeline
    assert "&lt;img src=x" in timeline
    operation = filled.person.get(f"/operations/{filled.operation}").text
    assert "&lt;b&gt;7&lt;/b&gt;" in operation
    assert "javascript:" not in operation
    first = filled.server.call("GET", "/operations", environment="shop", limit=50)["items"][-1]["id"]
    assert PATH.removeprefix("site/").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") in (
        filled.person.get(f"/operations/{first}").text
    )
    drift = filled.person.get("/environments/shop/drift").text
    assert "<b>changed</b>" not in drift
    assert "&lt;b&gt;changed" in drift
    episode = filled.person.get("/drift/1").text
    assert "<b>changed</b>" not in episode
    assert "&lt;b&gt;changed" in episode


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "data:text/html,x", "//evil.example", "https://user:pw@x.example", "ftp://x", " https://x"],
)
def test_only_plain_web_addresses_become_links(url: str) -> None:
    assert links.outside(url) == ""


@pytest.mark.parametrize(
    "path", ["//evil.example", "/\\evil.example", "https://evil.example", "evil", "/a\nb", "/\\/x"]
)
def test_nobody_is_sent_to_another_place_after_the_log_in(path: str) -> None:
    assert links.inside(path) == "/"


def test_long_lists_are_paged_by_the_server(filled: Filled) -> None:
    for path in (
        "/operations?after=0",
        "/environments/shop?after=3",
        "/audit?after=4",
        "/drift?after=9",
        "/?after=1:a",
    ):
        assert filled.person.get(path).status_code == 200


def test_a_page_that_is_not_there_says_so_with_the_way_back(filled: Filled) -> None:
    for path in ("/nothing", "/environments/nothing", "/operations/01KATV2Q8Z3V8M6D3T0F8Y1N4R"):
        answer = filled.person.get(path)
        assert answer.status_code == 404
        assert 'aria-label="Main"' in answer.text


def test_a_repository_that_fell_silent_stands_in_its_environments_timelines(filled: Filled) -> None:
    server, person = filled.server, filled.person
    repo = server.repo("mute")
    server.environment("mute", repo, mode="pull")
    server.sync("mute")
    away, poll = repo.path.with_name("away"), server.installation.use_cases.poller.poll
    repo.path.rename(away)
    poll(repo.url)
    assert "Repository cannot be read" in person.get("/environments/mute").text
    away.rename(repo.path)
    poll(repo.url)
    page = person.get("/environments/mute").text
    assert page.index("Repository can be read again") < page.index("Repository cannot be read")
    assert "Repository cannot be read" not in person.get("/environments/docs").text


def test_a_target_that_cannot_be_looked_at_is_an_error_and_its_health_unknown(filled: Filled) -> None:
    server, person = filled.server, filled.person
    server.environment("blind", filled.repo)
    server.sync("blind", revision=filled.shas[0])
    assert server.call("GET", "/environments/blind")["status"]["health"] == "Healthy"
    place = server.live / "blind"
    place.rename(server.live / "blind-before")
    place.write_text("a file stands where the directory must be\n")
    assert server.refresh("blind")["phase"] == "failed"
    status = server.call("GET", "/environments/blind")["status"]
    assert status["health"] == "Unknown"
    page = person.get("/environments/blind").text
    assert re.search(r'class="notice bad"[^§]*The target cannot be looked at\.', page)
    assert "/environments/blind/settings" in page
    assert "cannot be looked at" in person.get("/?q=blind").text


def test_the_form_for_an_agent_asks_for_what_is_on_its_host(filled: Filled) -> None:
    asked = {"runs_on": "agent", "mode": "pull", "target.kind": "ssh", "source.repo_url": filled.repo.url}
    page = filled.person.post("/environments/checks", data=asked).text
    assert "Directory on the agent&#39;s host" in page
    assert "over SSH" not in page
    assert "Test the repository" not in page


def test_a_comparison_of_what_was_never_switched_says_so(filled: Filled) -> None:
    page = filled.person.get("/compare?environment=shop&window=all").text
    assert "shop, not switched yet" in page
    assert "shop has not run as pull yet" in page
    assert "No pull environment is registered" not in page
