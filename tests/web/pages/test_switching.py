"""The section "Switch", a shadow's page, and the comparison of one environment with itself."""

from __future__ import annotations

from tests.support.places import picture
from tests.web.pages.conftest import Filled


def test_two_clicks_switch_and_say_before_what_will_change(filled: Filled) -> None:
    server, person = filled.server, filled.person
    server.environment("turned", filled.repo, policy={"auto_sync": False})
    server.sync("turned")
    shown = picture(server.live / "turned")
    settings = person.get("/environments/turned/settings").text
    assert "Webhooks no longer deliver; they only bring the next poll forward." in settings
    assert "stays live: no file is written" in settings
    answer = person.post("/environments/turned/switches", data={"mode": "pull", "switch_reason": "<b>why</b>"})
    assert answer.status_code == 303
    page = person.get("/environments/turned").text
    assert "Switched from push to pull" in page
    assert "&lt;b&gt;why&lt;/b&gt;" in page
    assert "/compare?environment=turned&amp;window=all" in page
    assert picture(server.live / "turned") == shown
    compared = person.get("/compare?environment=turned&window=all").text
    assert "turned, before and after its switch" in compared
    assert "turned against itself" in compared
    assert person.post("/environments/turned/switches", data={"mode": "pull"}).status_code == 422
    assert person.post("/environments/turned/switches", data={"move_target": "ftp://x"}).status_code == 422


def test_a_shadow_says_that_it_is_one(filled: Filled) -> None:
    server, person = filled.server, filled.person
    server.environment("lit", filled.repo, policy={"auto_sync": False})
    server.sync("lit")
    target = {"kind": "directory", "path": str(server.live / "lit")}
    spec = {**server.spec("dusk", filled.repo, mode="pull", policy={"observe": True, "auto_sync": False})}
    server.call("POST", "/environments", {**spec, "target": target}, status=201)
    operation = server.sync("dusk")
    for path in ("/?q=dusk", "/environments/dusk"):
        assert "Observes only; applies nothing." in person.get(path).text
    page = person.get("/environments/dusk").text
    assert "This is a shadow. Live equals what it would have delivered" in page
    assert "What the shadow would have done" in page
    assert "What the shadow would have done" in person.get("/environments/lit").text
    assert "Would have deployed" in person.get(f"/operations/{operation['id']}").text
    assert "Roll back to" not in page
    assert person.post("/environments/dusk/drift/heals", data={}).status_code == 409
    assert (
        'name="policy.observe" type="checkbox" value="true" checked' in person.get("/environments/dusk/settings").text
    )
