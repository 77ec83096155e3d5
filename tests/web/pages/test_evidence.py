"""Every link of the comparison that says what is behind a figure opens what that figure counted."""

from __future__ import annotations

import re
from html import unescape

import httpx
import pytest

from tests.web.pages.conftest import Filled
from tests.web.pages.test_pages import sound

BEHIND = re.compile(r'<a href="(/compare/evidence/[^"]+)">All ([\d,]+) behind it</a>')
ROW = re.compile(r'data-kind="(\w+)" data-id="([^"]+)"')


def rows_of(person: httpx.Client, address: str) -> list[tuple[str, str]]:
    """What a page of evidence lists, over all its pages."""
    found: list[tuple[str, str]] = []
    while address:
        answer = person.get(address)
        sound(answer)
        found += ROW.findall(answer.text)
        further = re.search(r'href="([^"]+)" rel="next"', answer.text)
        address = unescape(further[1]) if further else ""
    return found


@pytest.mark.parametrize("asked", ["window=all", "window=24h&labels=tier%3Dprod", "window=7d&environment=shop"])
def test_every_link_of_the_page_opens_as_many_as_it_says(filled: Filled, asked: str) -> None:
    page = filled.person.get(f"/compare?{asked}").text
    links = [(unescape(href), int(n.replace(",", ""))) for href, n in BEHIND.findall(page)]
    assert len(links) > 8
    for href, n in links:
        assert len(rows_of(filled.person, href)) == n, href


def test_every_figure_leads_to_its_definition(filled: Filled) -> None:
    answer = filled.person.get("/compare/measures")
    sound(answer)
    defined = set(re.findall(r'<section id="(\w+)">', answer.text))
    linked = set(re.findall(r'href="/compare/measures#(\w+)"', filled.person.get("/compare?window=all").text))
    assert len(linked) > 8
    assert linked <= defined
    table = filled.server.call("GET", "/comparison", window="all")
    assert {row["defined_at"].partition("#")[2] for row in table["rows"]} < defined


def test_scripts_follow_the_same_links(filled: Filled) -> None:
    table = filled.server.call("GET", "/comparison", window="all")
    for row in table["rows"]:
        for mode in ("push", "pull"):
            cell = row[mode]
            answer = filled.person.get(cell["evidence"], headers={"Accept": "application/json"})
            assert answer.status_code == 200, answer.text
            assert (len(answer.json()["items"]), answer.json()["next"]) == (cell["n"], None), (row["key"], mode)


def test_long_evidence_is_paged(filled: Filled) -> None:
    first = filled.server.call("GET", "/comparison/evidence/automation/push", window="all", limit=1)
    second = filled.server.call(
        "GET", "/comparison/evidence/automation/push", window="all", limit=1, after=first["next"], until=first["until"]
    )
    assert first["n"] == second["n"] > 1
    assert first["items"][0]["id"] != second["items"][0]["id"]


def test_what_is_no_figure_is_not_found(filled: Filled) -> None:
    assert filled.person.get("/compare/evidence/nothing/push").status_code == 404
    assert filled.person.get("/compare/evidence/lead_time/sideways").status_code == 404
