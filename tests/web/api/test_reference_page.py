"""The API describes itself in full, and its reference is a page of its own that needs nothing from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from app.main import application
from app.web.api.api_reference import reference_of
from app.web.api.property_texts import PARAMETERS, TEXTS
from tests.support.server import LiveServer


@pytest.fixture(scope="module")
def document(server: LiveServer) -> dict[str, Any]:
    found: dict[str, Any] = application(server.installation).openapi()
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, one in methods.items():
            yield method, path, one


def properties(shape: Any, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every property at any depth, by its place."""
    if isinstance(shape, dict):
        for name, one in shape.get("properties", {}).items():
            yield f"{where}.{name}", one
        for key, one in shape.items():
            if key not in ("examples", "example", "default"):
                yield from properties(one, f"{where}.{key}" if key != "properties" else where)
    elif isinstance(shape, list):
        for one in shape:
            yield from properties(one, where)


def test_everything_says_what_it_means(document: dict[str, Any]) -> None:
    silent = [name for name, shape in document["components"]["schemas"].items() if not shape.get("description")]
    silent += [name for name, one in properties(document["components"]["schemas"], "") if not one.get("description")]
    for method, path, one in operations(document):
        silent += [] if one.get("description") else [f"{method} {path}"]
        silent += [
            f"{method} {path} {each['name']}" for each in one.get("parameters", ()) if not each.get("description")
        ]
        silent += [f"{method} {path} {status}" for status, each in one["responses"].items() if not each["description"]]
    assert silent == []
    assert document["servers"]


def test_no_text_is_left_over(document: dict[str, Any]) -> None:
    said = {one.get("description") for _, one in properties(document["components"]["schemas"], "")}
    assert [name for name, text in TEXTS.items() if text not in said] == []
    asked = {each["description"] for _, _, one in operations(document) for each in one.get("parameters", ())}
    assert [name for name, text in PARAMETERS.items() if text not in asked] == []


def test_no_schema_is_described_that_nothing_refers_to(document: dict[str, Any]) -> None:
    named = set(re.findall(r"#/components/schemas/(\w+)", str(document)))
    assert set(document["components"]["schemas"]) == named


@pytest.mark.parametrize(("method", "path"), [
    ("GET", "/comparison?environment=nobody"), ("GET", "/comparison/export?environment=nobody"),
    ("POST", "/agents/enrollments"), ("GET", "/events?environment=nobody"), ("GET", "/operations?environment=nobody"),
])  # fmt: skip
def test_what_is_not_there_is_a_documented_answer(
    server: LiveServer, document: dict[str, Any], method: str, path: str
) -> None:
    body = {"environments": ["nobody"]} if method == "POST" else None
    status = str(server.http.request(method, f"/api/v1{path}", json=body).status_code)
    assert status in document["paths"][f"/api/v1{path.partition('?')[0]}"][method.lower()]["responses"], status


def test_an_etag_has_its_pattern(document: dict[str, Any]) -> None:
    for method, path, one in operations(document):
        for each in one.get("parameters", ()):
            if each["name"].lower() == "if-match":
                assert re.fullmatch(each["schema"]["pattern"].strip("^$"), 'W/"4"'), (method, path)


def test_the_page_names_every_operation_and_every_link_leads_somewhere(
    server: LiveServer, document: dict[str, Any]
) -> None:
    page = server.anonymous.get("/docs")
    assert page.status_code == 200
    ids = re.findall(r' id="([^"]+)"', page.text)
    assert len(ids) == len(set(ids))
    for method, path, one in operations(document):
        assert one["operationId"] in ids, (method, path)
        assert path in page.text
    assert set(re.findall(r'href="#([^"]+)"', page.text)) <= set(ids)
    loaded = re.findall(r'(?:src|href)="(?!#)([^"]+)"', page.text)
    assert [address for address in loaded if not address.startswith("/")] == []
    assert not re.search(r"<script>|<style| style=| on\w+=", page.text)
    assert "/docs" in server.anonymous.get("/redoc").headers["location"]
    for method in ("GET", "POST"):
        assert server.anonymous.request(method, "/docs", headers={"Host": "a b"}).status_code == 400


def test_each_command_to_try_is_one_that_the_server_understands(server: LiveServer, document: dict[str, Any]) -> None:
    """None is refused for its form: its body is JSON of the right shape, and its address is one of ours."""
    import json
    import shlex

    for section in reference_of(document, server.url).sections:
        for call in section.calls:
            words = shlex.split(call.curl.replace("\\\n", " "))
            address = next(one for one in words if one.startswith(server.url))
            assert "{" not in address, call.curl
            sent = json.loads(words[words.index("-d") + 1]) if "-d" in words else None
            if section.tag in ("agent", "webhooks") or call.path.endswith("/events/stream"):
                continue
            answer = server.http.request(call.method, address, json=sent)
            assert answer.status_code not in (400, 405, 415, 500), (call.curl, answer.text)
            if answer.status_code == 404:
                assert answer.json()["detail"] != "There is nothing at this address.", call.curl
