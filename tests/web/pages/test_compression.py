"""Answers travel compressed to whoever takes that, and stay what they are for everybody else."""

from __future__ import annotations

import gzip

import httpx
import pytest

from tests.support.visit import first_visit
from tests.web.pages.conftest import Filled

MOST = 60_000  # bytes of a first visit
GZIP = {"Accept-Encoding": "gzip"}
PLAIN = {"Accept-Encoding": "identity"}


def test_a_first_visit_of_any_page_is_small(filled: Filled) -> None:
    filled.person.headers.update(GZIP)
    sizes = {path: first_visit(filled.person, path) for path in filled.pages}
    assert all("/static/vendor/htmx.min.js" in " ".join(one) for one in sizes.values()), "the scripts were found"
    assert {path: sum(one.values()) for path, one in sizes.items() if sum(one.values()) > MOST} == {}


@pytest.mark.parametrize("path", ["/", "/api/v1/environments", "/static/app.css", "/static/vendor/htmx.min.js"])
def test_it_is_the_same_text_and_says_how_it_was_packed(filled: Filled, path: str) -> None:
    client = _either(filled, path)
    packed, plain = client.get(path, headers=GZIP), client.get(path, headers=PLAIN)
    assert (packed.headers["content-encoding"], "content-encoding" in plain.headers) == ("gzip", False)
    assert packed.headers["vary"] == plain.headers["vary"]
    assert packed.headers["vary"].endswith("Accept-Encoding")
    assert int(packed.headers["content-length"]) == packed.num_bytes_downloaded < plain.num_bytes_downloaded
    assert int(plain.headers["content-length"]) == plain.num_bytes_downloaded
    if path != "/":  # its times move on
        assert packed.content == plain.content
    assert packed.headers["content-security-policy"] == plain.headers["content-security-policy"]


@pytest.mark.parametrize("header", ["", "br", "gzip;q=0", "gzip; q=0.000", "identity, gzip;q=0.0"])
def test_who_does_not_take_gzip_gets_none(filled: Filled, header: str) -> None:
    for path in ("/", "/static/app.css"):
        assert "content-encoding" not in filled.person.get(path, headers={"Accept-Encoding": header}).headers


@pytest.mark.parametrize("header", ["GZIP", "br, gzip;q=0.5", "*", "deflate,gzip ; q=1"])
def test_who_takes_gzip_in_whatever_words_gets_it(filled: Filled, header: str) -> None:
    for path in ("/", "/static/app.css"):
        assert filled.person.get(path, headers={"Accept-Encoding": header}).headers["content-encoding"] == "gzip"


def test_a_file_is_not_sent_again_and_each_encoding_has_its_own_tag(filled: Filled) -> None:
    path, client = "/static/app.css", filled.server.anonymous
    tags = {name: client.get(path, headers=asked).headers["etag"] for name, asked in (("g", GZIP), ("p", PLAIN))}
    assert tags["g"] != tags["p"]
    for asked, tag, status in ((GZIP, "g", 304), (PLAIN, "p", 304), (GZIP, "p", 200), (PLAIN, "g", 200)):
        again = client.get(path, headers={**asked, "If-None-Match": tags[tag]})
        assert (again.status_code, again.headers["vary"]) == (status, "Accept-Encoding")
        assert again.content == b"" or status == 200


def test_a_part_of_a_file_is_a_part_of_the_file_itself(filled: Filled) -> None:
    path, client = "/static/app.css", filled.server.anonymous
    part = client.get(path, headers={**GZIP, "Range": "bytes=0-99"})
    assert (part.status_code, "content-encoding" in part.headers) == (206, False)
    assert part.content == client.get(path).content[:100]


def test_a_head_tells_what_a_get_would(filled: Filled) -> None:
    for path in ("/static/app.css", "/static/theme.js"):
        told, got = (filled.server.anonymous.request(method, path, headers=GZIP) for method in ("HEAD", "GET"))
        assert told.content == b""
        for name in ("content-length", "content-encoding", "etag", "vary"):
            assert told.headers.get(name) == got.headers.get(name)


def test_what_travels_is_gzip(filled: Filled) -> None:
    client = filled.server.anonymous
    with client.stream("GET", "/static/app.css", headers=GZIP) as answer:
        raw = b"".join(answer.iter_raw())
    assert gzip.decompress(raw) == client.get("/static/app.css").content


def test_answers_to_a_post_are_as_they_are(filled: Filled) -> None:
    """They are the ones that show secrets: their length must not depend on what else is in them."""
    shown = filled.person.post("/environments/docs/webhook", headers=GZIP)
    assert (shown.status_code, "content-encoding" in shown.headers) == (200, False)
    assert len(shown.content) > 1000


def test_an_answer_with_a_version_keeps_its_tag(filled: Filled) -> None:
    answer = filled.server.http.get("/api/v1/environments/shop", headers=GZIP)
    assert (answer.headers["etag"][0], "content-encoding" in answer.headers) == ('"', False)
    assert len(answer.content) > 1000


def test_a_stream_is_not_held_back(filled: Filled) -> None:
    with filled.server.http.stream("GET", "/api/v1/events/stream", params={"after": 0}, headers=GZIP) as events:
        assert "content-encoding" not in events.headers
        assert next(events.iter_lines()).startswith("retry:")


def _either(filled: Filled, path: str) -> httpx.Client:
    return filled.server.http if path.startswith("/api/") else filled.person
