"""One search for environments, revisions, operations, pages and deeds; addresses without empty fields."""

from __future__ import annotations

import re

import pytest

from tests.web.pages.conftest import Filled

HTMX = {"HX-Request": "true", "HX-Target": "div#found", "Accept": "text/html"}


def hits(filled: Filled, words: str) -> list[tuple[str, str]]:
    """(address, title) of all that a search finds."""
    page = filled.person.get("/search", params={"q": words}).text
    return re.findall(r'class="hit [^"]*" href="([^"]+)".*?<span class="cut" title="([^"]+)"', page, re.DOTALL)


def test_environments_are_found_by_name_and_label_the_exact_one_first(filled: Filled) -> None:
    assert hits(filled, "docs")[0] == ("/environments/docs", "docs")
    found = [href for href, _ in hits(filled, "tier=prod")]
    assert {"/environments/shop", "/environments/docs"} <= set(found)


def test_a_beginning_of_a_revision_finds_it_and_its_operations(filled: Filled) -> None:
    sha = filled.shas[1]
    found = dict(hits(filled, sha[:7].upper()))
    assert f"/operations?revision={sha}" in found
    assert any(href.startswith("/operations/0") and "shop" in title for href, title in found.items())


def test_an_operation_is_found_by_its_id_however_old(filled: Filled) -> None:
    assert f"/operations/{filled.operation}" in dict(hits(filled, filled.operation.lower()))


@pytest.mark.parametrize(
    ("words", "href"),
    [
        ("roll back shop", "/environments/shop/rollback"),
        ("history of docs", "/environments/docs/history"),
        ("drift shop", "/environments/shop/drift"),
        ("audit", "/audit"),
        ("new token", "/settings/tokens"),
        ("add env", "/environments/new"),
    ],
)
def test_pages_and_deeds_are_found_by_their_words(filled: Filled, words: str, href: str) -> None:
    assert href in [found for found, _ in hits(filled, words)]


def test_nothing_found_says_what_can_be_and_words_are_text(filled: Filled) -> None:
    page = filled.person.get("/search", params={"q": "<b>zzz"}).text
    assert "Nothing is called “&lt;b&gt;zzz”" in page
    assert filled.person.get("/search").status_code == 200


def test_the_box_gets_the_list_alone(filled: Filled) -> None:
    alone = filled.person.get("/search", params={"q": "docs"}, headers=HTMX).text
    assert alone.strip().startswith('<div class="found" id="found">')


@pytest.mark.parametrize("path", ["/", "/operations", "/audit"])
def test_an_address_keeps_no_empty_fields(filled: Filled, path: str) -> None:
    names = {"/": "mode", "/operations": "environment", "/audit": "environment"}
    answer = filled.person.get(f"{path}?{names[path]}=pull&since=&q=&until=")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{path}?{names[path]}=pull")
    assert filled.person.get(f"{path}?q=").headers["location"] == path
