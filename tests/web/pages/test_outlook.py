"""The tabs What if and Advice: what they say, their forms' mistakes, and the links to what is behind each figure."""

from __future__ import annotations

import re
from html import unescape

import pytest

from tests.web.pages.conftest import Filled
from tests.web.pages.test_evidence import rows_of
from tests.web.pages.test_pages import sound


def test_what_if_says_what_is_missing_and_keeps_what_was_asked(filled: Filled) -> None:
    answer = filled.person.get("/environments/shop/what-if?interval_s=20&window=7d")
    sound(answer)
    assert 'name="interval_s" type="number" value="20"' in answer.text
    assert "5 are needed" in answer.text
    assert '<option value="7d" selected' in answer.text


@pytest.mark.parametrize("wrong", ["0", "nan", "-1", "1e9", "soon"])
def test_an_interval_that_cannot_be_is_told_at_its_field(filled: Filled, wrong: str) -> None:
    answer = filled.person.get(f"/environments/shop/what-if?interval_s={wrong}")
    sound(answer)
    assert "must be a number of seconds from 1 to 604,800" in answer.text


def test_scripts_hear_of_wrong_intervals_and_of_what_is_not_known(filled: Filled) -> None:
    for asked in ({"interval_s": 0}, {"pipeline_s": -1}, {"interval_s": "nan"}, {"window": "1d"}, {"other": 1}):
        filled.server.call("GET", "/environments/shop/what-if", status=422, **asked)
    filled.server.call("GET", "/environments/nowhere/advice", status=404)
    found = filled.server.call("GET", "/environments/shop/what-if", window="all")
    assert found["missing"].startswith("Not known yet")
    assert [one["kind"] for one in found["ways"]] == ["measured"]
    assert {one["value"] for one in found["ways"][0]["figures"] if one["text"].startswith("not known")} == {None}


def test_every_figure_of_the_advice_opens_as_many_as_it_says(filled: Filled) -> None:
    found = filled.server.call("GET", "/environments/shop/advice", window="all")
    assert (found["choice"], len(found["criteria"]), len(found["trade_offs"])) == (None, 4, 14)
    measured = [one["measured"] for one in found["trade_offs"] if one["measured"]["n"]]
    measured += [one[mode] for one in found["criteria"] for mode in ("push", "pull") if one[mode]["n"]]
    assert {one["place"] for one in measured} == {"here", "elsewhere"}
    for one in measured:
        answer = filled.person.get(one["evidence"], headers={"Accept": "application/json"})
        assert answer.json()["n"] == one["n"], one["measure"]


def test_the_page_of_the_advice_links_each_figure(filled: Filled) -> None:
    answer = filled.person.get("/environments/shop/advice?window=all")
    sound(answer)
    assert "No advice: not enough measured" in answer.text
    links = {unescape(href) for href in re.findall(r'<a href="(/compare/evidence/[^"]+)"', answer.text)}
    assert len(links) > 8
    assert all(rows_of(filled.person, href) for href in links)
