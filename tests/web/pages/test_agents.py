"""Agents as people see them: enrolling in two commands, a silent agent, a waiting operation, one click to revoke."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from tests.web.pages.conftest import Filled

VERSION = "0.2.0"


def registered(filled: Filled, name: str) -> None:
    sent = {
        "name": name, "mode": "pull", "runs_on": "agent", "source.repo_url": "https://git.example.org/team/site.git",
        "source.credential": "git-on-the-agent", "target.kind": "directory", "target.path": f"/srv/{name}",
        "policy.interval_s": "30", "policy.refresh_interval_s": "300",
    }  # fmt: skip
    answer = filled.person.post("/environments", data=sent)
    assert answer.status_code == 303, answer.text


def enrolled(filled: Filled, name: str) -> Any:
    """An agent by the very commands that the page shows."""
    page = filled.person.post("/agents/enrollments", data={"environments": name})
    assert page.status_code == 200
    (token,) = set(re.findall(r"ppe_[A-Za-z0-9_-]+", page.text))
    assert f"--server {filled.server.url}" in page.text
    assert not re.search(rf"pushpull[^\n]*{token}", page.text), "everybody on the host can read a command line"
    assert "--allow-http" not in page.text
    assert token not in filled.person.get("/agents").text
    use_cases = filled.server.installation.use_cases.agents
    return use_cases.enrolling.enroll(token, f"host-{name}", VERSION, None)


def test_an_environment_is_registered_for_an_agent_and_says_that_it_waits_for_one(filled: Filled) -> None:
    registered(filled, "far")
    page = filled.person.get("/environments/far").text
    assert "No agent works for this environment yet." in page
    assert "waits for an agent to be enrolled" in filled.person.get("/").text
    assert 'value="far"' in filled.person.get("/agents").text
    edit = filled.person.get("/environments/far/settings").text
    assert "git-on-the-agent" in edit


def test_an_agent_is_shown_with_its_life_its_clock_and_what_waits(filled: Filled) -> None:
    registered(filled, "near")
    made = enrolled(filled, "near")
    with filled.server.installation.store.write() as tx:
        tx.agents.save(replace(tx.agents.get(made.agent.id), offset_s=-7.5))
    operation = filled.server.call("POST", "/environments/near/syncs", {}, status=202)
    page = filled.person.get("/agents").text
    assert "host-near" in page
    assert "7.5 s ahead" in page
    assert "1 command" in page
    assert "Waits for agent host-near" in filled.person.get(f"/operations/{operation['id']}").text
    head = filled.person.get("/environments/near").text
    assert "host-near" in head
    assert "last heard" in head


def test_revoking_takes_one_click_and_is_told_everywhere(filled: Filled) -> None:
    registered(filled, "gone")
    made = enrolled(filled, "gone")
    answer = filled.person.post(f"/agents/{made.agent.id}/revoke")
    assert answer.status_code == 303
    assert "Its agent host-gone was revoked" in filled.person.get("/environments/gone").text
    assert "1 revoked agent" in filled.person.get("/agents").text
    assert "Agent host-gone was revoked" in filled.person.get("/environments/gone").text


def test_plain_http_is_allowed_where_the_server_speaks_nothing_else(filled: Filled) -> None:
    registered(filled, "plain")
    sent, host = {"environments": "plain"}, {"Host": "push.lan:8000", "Origin": "http://push.lan:8000"}
    page = filled.person.post("/agents/enrollments", data=sent, headers=host)
    assert "--server http://push.lan:8000 --data-dir /var/lib/pushpull-agent --allow-http" in page.text


def test_a_wrong_choice_is_told_at_its_place(filled: Filled) -> None:
    registered(filled, "choice")  # the form is there where something can be chosen
    page = filled.person.post("/agents/enrollments", data={"environments": "docs"})
    assert page.status_code == 422
    assert "runs on this server" in page.text
