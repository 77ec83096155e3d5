"""Answers to drift, file by file, on the page and over REST."""

from __future__ import annotations

import re
from typing import Any

from tests.web.pages.conftest import Filled

HAND = "by hand\n"


class Drifted:
    """An environment with three drifted files, and a browser."""

    def __init__(self, filled: Filled, name: str) -> None:
        self.server, self.person = filled.server, filled.person
        self.name, self.here, self.live = name, f"/environments/{name}/drift", filled.server.live / name
        paths = ("index.html", "logs/a.log", "logs/b[1].log")
        self.repo = filled.server.repo(f"repo-{name}", {f"site/{path}": "one\n" for path in paths})
        self.server.environment(name, self.repo)
        self.server.sync(name)
        for path in paths:
            (self.live / path).write_text(HAND)
        self.server.refresh(name)

    def post(self, answer: str, **data: Any) -> Any:
        return self.person.post(f"{self.here}/{answer}", data=data)

    def drifts(self) -> list[str]:
        return [one["path"] for one in self.server.call("GET", self.here)["items"]]


def test_only_what_was_ticked_is_healed(filled: Filled) -> None:
    one = Drifted(filled, "ticked")
    page = one.person.get(one.here).text
    assert re.findall(r'name="paths" value="([^"]+)" checked', page) == 2 * [
        "index.html",
        "logs/a.log",
        "logs/b[1].log",
    ]
    sent = one.post("heals", choose="1", paths=["logs/a.log", "logs/b[1].log"])
    assert sent.status_code == 303
    done = one.server.end({"id": sent.headers["location"].rpartition("/")[2]})
    assert (done["outcome"], done["only_paths"]) == ("healed", ["logs/a.log", "logs/b[1].log"])
    assert one.drifts() == ["index.html"]
    assert (one.live / "index.html").read_text() == HAND
    assert "logs/a.log, logs/b[1].log" in one.person.get(sent.headers["location"]).text
    number = one.server.call("GET", f"/environments/{one.name}")["status"]["episode"]
    episode = one.person.get(f"/drift/{number}").text
    assert "Healed already" in episode
    assert episode.count(", healed by admin ") == 2
    assert "<code>logs/a.log</code>, <code>logs/b[1].log</code>" in episode
    assert "healed by admin, then in 1 file" in one.person.get(f"/environments/{one.name}").text
    assert "paths: logs/a.log and logs/b[1].log" in one.person.get("/audit?q=" + done["id"]).text


def test_nothing_ticked_is_not_everything(filled: Filled) -> None:
    one = Drifted(filled, "unticked")
    for answer in ("heals", "write-backs"):
        refused = one.post(answer, choose="1")
        assert refused.status_code == 422
        assert "tick at least one" in refused.text
    assert '<details class="confirm" open>' in refused.text
    assert len(one.drifts()) == 3


def test_the_rest_of_a_long_list_is_meant_only_where_it_is_ticked(filled: Filled) -> None:
    one = Drifted(filled, "many")
    more = [f"f{number:02}" for number in range(42)]
    one.repo.commit({f"site/{name}": "one\n" for name in more})
    one.server.sync("many")
    for path in (*more, "index.html", "logs/a.log"):
        (one.live / path).write_text(HAND)
    one.server.refresh("many")
    page = one.person.get(one.here).text
    shown = re.findall(r'name="paths" value="([^"]+)" checked', page)
    assert (len(shown), shown[0]) == (40 * 2, "f00"), "once to heal and once to write back"
    assert "and 4 further paths" in page
    sent = one.post("heals", choose="1", paths=["f00"], rest="1")
    done = one.server.end({"id": sent.headers["location"].rpartition("/")[2]})
    assert done["only_paths"] == ["f00", "f40", "f41", "index.html", "logs/a.log"]
    assert one.drifts() == [f"f{number:02}" for number in range(1, 40)]


def test_paths_are_ignored_by_a_tick_each_as_they_are_called(filled: Filled) -> None:
    one = Drifted(filled, "accepted")
    page = one.person.get(one.here).text
    assert 'name="paths" value="logs/*"' in page
    assert 'value="logs/b[[]1].log"' in page, "a bracket in a name is no pattern"
    sent = one.post("ignores", paths=["logs/b[[]1].log", "index.html"], ignore_reason="ours")
    assert sent.status_code == 303
    one.server.refresh("accepted")
    assert one.drifts() == ["logs/a.log"]


def test_a_refused_rule_keeps_what_was_typed(filled: Filled) -> None:
    one = Drifted(filled, "mistyped")
    refused = one.post(
        "ignores", paths=["logs/*"], path="../x", ignore_reason="ours <b>", ignore_until="2030-01-01T10:00"
    )
    assert refused.status_code == 422
    assert "must be a path or a glob inside the target" in refused.text
    assert 'value="ours &lt;b&gt;"' in refused.text
    assert 'value="2030-01-01T10:00"' in refused.text
    assert re.search(r'value="logs/\*" checked', refused.text)
    past = one.post("ignores", path="logs/*", ignore_reason="x", ignore_until="2001-01-01T10:00").text
    assert 'id="ignore_until_error"' in past
    nothing = one.post("ignores", ignore_reason="x")
    assert 'id="path_error"' in nothing.text


def test_some_are_written_back_and_the_page_remembers_it(filled: Filled) -> None:
    one = Drifted(filled, "returned")
    sent = one.post("write-backs", choose="1", paths=["index.html"], branch="drift/returned-1", message="keep it")
    assert sent.status_code == 303
    assert one.repo.git("show", "drift/returned-1:site/index.html") == HAND.strip()
    assert one.repo.git("show", "drift/returned-1:site/logs/a.log") == "one"
    assert "Already written back" in one.person.get(one.here).text


def test_scripts_heal_paths_too(filled: Filled) -> None:
    one = Drifted(filled, "scripted")
    done = one.server.end(one.server.call("POST", f"{one.here}/heals", {"paths": ["index.html"]}, status=202))
    assert done["only_paths"] == ["index.html"]
    assert one.drifts() == ["logs/a.log", "logs/b[1].log"]
    refused = one.server.call("POST", f"{one.here}/heals", {"paths": ["index.html"]}, status=422)
    assert "paths" in str(refused)
