"""The plan before a delivery and before automation goes on: what it shows, and that it delivers that or nothing."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from tests.support.repo import GitRepo
from tests.web.pages.conftest import Filled


def fields(page: str, action: str) -> dict[str, str]:
    """The hidden fields of the form that posts to an address."""
    form = page[page.index(f'method="post" action="{action}"') :].partition("</form>")[0]
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))


class Planned:
    """An environment one commit behind, and a browser."""

    def __init__(self, filled: Filled, name: str, **specification: Any) -> None:
        self.server, self.person, self.here = filled.server, filled.person, f"/environments/{name}"
        self.name, self.live = name, filled.server.live / name
        self.repo: GitRepo = filled.server.repo(f"repo-{name}")
        policy = {"auto_sync": False, **specification.pop("policy", {})}
        self.server.environment(name, self.repo, policy=policy, **specification)
        self.first = self.server.sync(name)["revision"]
        self.second = self.repo.commit({"site/index.html": "two\n", "site/new": "n", "site/style.css": None}, "second")

    def page(self, query: str = "?newest=1") -> str:
        answer = self.person.get(f"{self.here}/plan{query}")
        assert answer.status_code == 200, answer.text
        return answer.text

    def confirm(self, page: str, **more: str) -> httpx.Response:
        return self.person.post(f"{self.here}/plan", data={**fields(page, f"{self.here}/plan"), **more})

    def text(self) -> str:
        return (self.live / "index.html").read_text()


@pytest.mark.parametrize("mode", ["push", "pull"])
def test_the_plan_shows_what_comes_and_one_press_delivers_exactly_that(filled: Filled, mode: str) -> None:
    hook = {"when": "pre", "command": ["echo", "drain one"]}
    one = Planned(filled, f"plan-{mode}", mode=mode, policy={"hooks": [hook]})
    page = one.page()
    assert "1 file is added, 1 is changed and 1 is deleted" in page
    assert "It brings 1 commit" in page
    assert "Before: echo &#39;drain one&#39;" in page
    assert '<ins class="ln add">' in page
    assert re.search(r"<button[^>]* autofocus>.*?</svg>Deliver " + one.second[:8], page)
    assert one.text() == "one\n", "a plan touches nothing"
    sent = one.confirm(page, reason="as planned")
    assert sent.status_code == 303
    done = one.server.end({"id": sent.headers["location"].rpartition("/")[2]})
    assert (done["phase"], done["revision"], done["reason"]) == ("succeeded", one.second, "as planned")
    assert "is live already" in one.page(f"?revision={one.second}")


def test_the_page_of_an_environment_leads_to_the_plan(filled: Filled) -> None:
    one = Planned(filled, "plan-led")
    one.server.refresh("plan-led")
    assert f'href="{one.here}/plan?revision={one.second}&amp;newest=1"' in one.person.get(one.here).text


def test_where_git_moved_meanwhile_nothing_is_delivered_and_the_new_plan_comes(filled: Filled) -> None:
    one = Planned(filled, "plan-moved")
    page = one.page()
    third = one.repo.commit({"site/index.html": "three\n"}, "third")
    answer = one.confirm(page, reason="typed")
    assert answer.status_code == 409
    assert f"Git has moved on: main is at {third[:8]} now" in answer.text
    assert 'value="typed"' in answer.text
    assert "autofocus" not in answer.text, "a second press of Enter must not confirm what nobody has read"
    assert one.text() == "one\n"
    assert one.confirm(answer.text).status_code == 303
    pinned = Planned(filled, "plan-pinned")
    page = pinned.page(f"?revision={pinned.second}")
    pinned.repo.commit({"site/index.html": "three\n"}, "third")
    sent = pinned.confirm(page)
    assert sent.status_code == 303, "a revision that was asked for by name stays the one that is meant"
    assert pinned.server.end({"id": sent.headers["location"].rpartition("/")[2]})["revision"] == pinned.second


def test_where_the_target_moved_meanwhile_nothing_is_delivered(filled: Filled) -> None:
    one = Planned(filled, "plan-drift")
    page = one.page()
    (one.live / "index.html").write_text("hotfix\n")
    answer = one.confirm(page)
    assert answer.status_code == 409
    assert "What stands on the target has changed since you saw the plan." in answer.text
    assert "1 drifted file will be overwritten" in answer.text
    assert "−</b>hotfix" in answer.text
    assert one.text() == "hotfix\n"
    other = Planned(filled, "plan-overtaken")
    page = other.page()
    other.server.sync("plan-overtaken")
    assert "has gone live meanwhile" in other.confirm(page).text


def test_a_plan_says_whose_hold_it_goes_over_and_that_the_revision_is_older(filled: Filled) -> None:
    one = Planned(filled, "plan-held")
    one.server.sync("plan-held")
    one.server.call("PUT", f"{one.here}/hold", {"reason": "the <i>database</i> moves"})
    page = one.page(f"?revision={one.first}")
    assert "the &lt;i&gt;database&lt;/i&gt; moves" in page
    assert fields(page, f"{one.here}/plan")["override_hold"] == "true"
    assert "does not contain what is live" in page
    assert f'href="{one.here}/rollback?revision={one.first}"' in page


def test_where_no_plan_can_be_made_it_says_why_and_the_delivery_can_be_asked_for_all_the_same(filled: Filled) -> None:
    repo = filled.server.repo("plan-away")
    filled.server.environment("plan-away", repo, mode="pull", runs_on="agent")
    page = filled.person.get("/environments/plan-away/plan").text
    assert "No agent is enrolled for plan-away" in page
    assert "Deliver the newest revision without a plan" in page
    sent = filled.person.post("/environments/plan-away/plan", data=fields(page, "/environments/plan-away/plan"))
    assert sent.status_code == 303
    silent = Planned(filled, "plan-silent")
    silent.server.refresh("plan-silent")
    silent.repo.path.rename(silent.repo.path.with_name("gone.git"))
    page = silent.page(f"?revision={silent.second}&newest=1")
    assert "this is the newest commit that is known" in page
    assert silent.confirm(page).status_code == 303
    assert filled.person.get("/environments/shop/plan?revision=no-such-branch").status_code == 404


def test_resuming_shows_what_automation_delivers_then_and_only_that(filled: Filled) -> None:
    one = Planned(filled, "plan-resumed", mode="pull")
    one.server.call("PUT", f"{one.here}/hold", {"reason": "wait"})
    one.server.refresh("plan-resumed")
    assert f'href="{one.here}/resume"' not in one.person.get(one.here).text, "nothing would be delivered by itself"
    assert "Nothing waits to be delivered" in one.person.get(f"{one.here}/resume").text
    one.server.call("PATCH", one.here, {"policy": {"auto_sync": True}})
    assert f'href="{one.here}/resume"' in one.person.get(one.here).text
    page = one.person.get(f"{one.here}/resume").text
    assert "1 file is added, 1 is changed and 1 is deleted" in page
    given = fields(page, f"{one.here}/resume")
    (one.live / "index.html").write_text("hotfix\n")
    assert one.person.post(f"{one.here}/resume", data=given).status_code == 409
    assert one.server.call("GET", one.here)["status"]["hold"]
    page = one.person.get(f"{one.here}/resume").text
    assert "1 drifted file will be overwritten" in page
    assert one.person.post(f"{one.here}/resume", data=fields(page, f"{one.here}/resume")).status_code == 303
    one.server.until(lambda: one.server.call("GET", one.here)["status"]["revision"] == one.second)
