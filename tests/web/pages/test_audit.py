"""The audit log on pages: what an entry says can be read, has an address, and a request is one line with its end."""

from __future__ import annotations

import re

from tests.web.pages.conftest import LABEL, Filled


def test_an_operations_request_and_end_are_one_line_with_both_numbers(filled: Filled) -> None:
    page = filled.person.get("/audit", params={"q": filled.operation}).text
    rows = re.findall(r'<tr id="entry-(\d+)".*?</tr>', page, re.DOTALL)
    assert len(rows) == 1
    numbers = re.findall(r'href="/audit/(\d+)"', page)
    assert len(numbers) == 2
    alone = filled.person.get("/audit", params={"q": filled.operation, "action": "sync.request"}).text
    assert re.findall(r'href="/audit/(\d+)"', alone) == numbers[1:]


def test_an_entry_has_a_page_with_all_that_it_says(filled: Filled) -> None:
    page = filled.person.get("/audit", params={"action": "hold.set", "environment": "docs"}).text
    seq = re.findall(r'href="/audit/(\d+)"', page)[-1]
    entry = filled.person.get(f"/audit/{seq}").text
    stored = next(one for one in filled.server.call("GET", "/audit", limit=200)["items"] if one["seq"] == int(seq))
    for text in (stored["hash"], stored["prev_hash"], "hold.set", "&#34;environment&#34;: &#34;docs&#34;"):
        assert text in entry
    assert LABEL not in entry


def test_entries_of_an_operation_lead_to_each_other(filled: Filled) -> None:
    page = filled.person.get("/audit", params={"q": filled.operation}).text
    last, first = re.findall(r'href="/audit/(\d+)"', page)
    assert f'href="/audit/{first}"' in filled.person.get(f"/audit/{last}").text
    assert f'href="/audit/{last}"' in filled.person.get(f"/audit/{first}").text


def test_a_number_that_no_entry_has_is_not_found(filled: Filled) -> None:
    assert filled.person.get("/audit/99999999").status_code == 404
    assert filled.person.get("/audit/nothing").status_code in (404, 422)
