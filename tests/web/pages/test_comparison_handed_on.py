"""A comparison handed on: a permalink that stays, an image and a report that need nothing else."""

from __future__ import annotations

import base64
import re
from hashlib import sha256
from html import unescape
from xml.etree import ElementTree

import pytest

from tests.support.server import LiveServer
from tests.web.pages.conftest import Filled, logged_in

ANSWER = re.compile(r'id="answer">([^<]+)<')
FIXED = re.compile(r'href="([^"]+)">Permalink<')


def answer_on(page: str) -> str:
    found = ANSWER.search(page)
    assert found, page[-2000:]
    return unescape(found[1])


def test_a_permalink_stays_as_it_is_while_things_go_on(filled: Filled) -> None:
    page = filled.person.get("/compare?window=all&labels=tier%3Dprod").text
    link = FIXED.search(page)
    assert link
    first = filled.person.get(unescape(link[1])).text
    filled.server.environment("later", filled.repo, labels={"tier": "prod"})
    filled.server.sync("later", revision=filled.shas[0])
    again = filled.person.get(unescape(link[1])).text
    # Of equal polls only the first and last are stored: how many lay before the moment is reckoned anew.
    rows = re.compile(r'<details class="criterion" id="(?!git_load).*?</details>', re.DOTALL)
    assert rows.findall(first) == rows.findall(again)
    assert answer_on(first) == answer_on(again) == answer_on(page)
    assert "As it was on" in again
    assert rows.findall(filled.person.get("/compare?window=all&labels=tier%3Dprod").text) != rows.findall(again)


def test_the_image_says_the_answer_and_needs_nothing_else(filled: Filled) -> None:
    answer = filled.person.get("/compare.svg?window=all")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
    drawn = ElementTree.fromstring(answer.text)
    name = "{http://www.w3.org/2000/svg}"
    texts = ["".join(one.itertext()) for one in drawn.iter(f"{name}text")]
    told = " ".join(one for one in texts if one)
    assert answer_on(filled.person.get("/compare?window=all").text) in told
    assert not re.search(r"href|url\(|<script|https?://(?!www\.w3\.org/2000/svg)", answer.text)
    style = next(drawn.iter(f"{name}style")).text or ""
    digest = base64.b64encode(sha256(style.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("form", ["html", "md"])
def test_the_report_holds_the_answer_and_every_question_and_no_address(filled: Filled, form: str) -> None:
    answer = filled.person.get(f"/api/v1/comparison/report?window=all&format={form}")
    assert answer.status_code == 200
    assert f'pushpull-comparison.{form}"' in answer.headers["content-disposition"]
    text = unescape(answer.text)
    found = filled.server.call("GET", "/comparison", window="all")
    assert answer_on(filled.person.get("/compare?window=all").text) in text
    assert all(row["title"] in text and row["definition"] in text for row in found["rows"])
    assert not re.search(r"https?://|file://|src=|<script", text)
    assert filled.server.url not in text
    assert str(filled.server.folder) not in text


def test_nobody_gets_them_without_the_right(filled: Filled) -> None:
    asked = ("/compare.svg", "/api/v1/comparison/report")
    stranger = [filled.server.http.get(path, headers={"Authorization": ""}) for path in asked]
    assert [one.status_code for one in stranger] in ([303, 401], [401, 401])


def test_a_new_installation_is_told_what_gives_an_answer(fresh: LiveServer) -> None:
    with logged_in(fresh) as person:
        page = person.get("/compare").text
    assert "Nothing to compare yet" in page
    assert "/compare/experiments" in page
    assert "too few" not in page


def test_where_little_was_measured_the_page_says_what_would_tell(filled: Filled) -> None:
    page = filled.person.get("/compare?window=all").text
    assert "is not known yet" in answer_on(page)
    assert "Begin an experiment" in page
    groups = page.index("What was measured so far")
    assert page.index('id="answer"') < page.index("Not known yet") < groups < page.index('id="group-status"')
