"""Pages without JavaScript: every form of every page is sent as a browser sends it, and comes back as a page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.server import LiveServer
from tests.web.pages.conftest import logged_in

LAST = ("/environments/shop/delete", "/settings/password", "/logout")  # what would end the walk
PAGES = (
    *("/", "/environments/new", "/operations", "/drift", "/drift/1", "/audit", "/agents", "/compare", "/settings"),
    *("/settings/tokens", "/settings/credentials", "/search?q=shop"),
    *(
        f"/environments/shop{view}"
        for view in ("", "/drift", "/history", "/what-if", "/advice", "/pipeline", "/settings", "/plan", "/rollback")
    ),
)
TYPED = {"reason": "why", "ignore_reason": "why", "path": "logs/*", "token_name": "ci", "branch": "drift/b"}


@dataclass
class Form:
    """A form as a browser sees it: where it goes, what it would send, and what its buttons add."""

    method: str
    action: str
    values: list[tuple[str, str]]
    buttons: list[tuple[str, str]]


class Forms(HTMLParser):
    """Gathers the forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._open: Form | None = None
        self._area = self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = Form(given.get("method", "get"), given.get("action", ""), [], [])
            self.found.append(self._open)
        elif self._open is None:
            return
        elif tag == "button" and given.get("type", "submit") == "submit" and "disabled" not in given:
            self._open.buttons.append((given.get("formaction", self._open.action), given.get("name", "")))
        elif tag == "input" and given.get("name"):
            box = given.get("type") in ("checkbox", "radio")
            if not box or "checked" in given:
                usual = "on" if box else TYPED.get(given["name"], "")
                self._open.values.append((given["name"], given.get("value") or usual))
        elif tag == "select":
            self._select = given.get("name", "")
        elif tag == "option" and self._select and "selected" in given:
            self._open.values.append((self._select, given.get("value", "")))
        elif tag == "textarea":
            self._open.values.append((given.get("name", ""), ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None


def forms(page: str) -> list[Form]:
    found = Forms()
    found.feed(page)
    return [one for one in found.found if one.method in ("get", "post")]


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with LiveServer(tmp_path_factory.mktemp("plain")) as server:
        repo = server.repo("shop")
        server.environment("shop", repo, policy={"auto_sync": False})
        server.sync("shop")
        repo.commit({"site/index.html": "two\n"}, "two")
        server.sync("shop")
        (Path(server.live) / "shop" / "index.html").write_text("by hand\n")
        server.refresh("shop")
        repo.commit({"site/style.css": "b {}\n"}, "three")
        yield server


def test_every_form_is_answered_by_a_page(walked: LiveServer) -> None:
    seen: set[str] = set()
    with logged_in(walked) as person:
        shown = {path: person.get(path, follow_redirects=True) for path in PAGES}
        assert {path: page.status_code for path, page in shown.items() if page.status_code != 200} == {}
        waiting = [(path, form) for path, page in shown.items() for form in forms(page.text)]
        waiting.sort(key=lambda one: LAST.index(one[1].action) if one[1].action in LAST else -1)
        for path, form in waiting:
            by_enter = [(form.action, "")] if form.method == "get" and len(form.values) == 1 else []
            assert form.buttons or by_enter, f"{path}: a form to {form.action} that only a script can send"
            for address, _ in dict.fromkeys(form.buttons or by_enter):
                data: dict[str, list[str]] = {}
                for name, value in form.values:
                    data.setdefault(name, []).append(value)
                where = urlsplit(address or path).path
                if form.method == "get":
                    answer = person.get(where, params=data)
                else:
                    answer = person.post(address or path, data=data)
                said = f"{path}: {form.method} {address} {answer.status_code} {answer.text[:300]}"
                assert answer.status_code in (200, 303, 409, 422), said
                if answer.status_code != 303:
                    assert "<html" in answer.text, said
                    assert "<hx-partial" not in answer.text, said
                seen.add(f"{form.method} {re.sub('/[0-9A-Z]{26}/|/[0-9]+/', '/ID/', where)}")
    assert {
        "post /environments/shop/plan", "post /environments/shop/rollback", "post /environments/shop/refreshes",
        "post /environments/shop/hold", "post /environments/shop/drift/heals", "post /environments/shop/drift/ignores",
        "post /environments/shop/drift/write-backs", "post /environments/shop/drift/acknowledgements",
        "post /environments/shop/delete", "post /environments/shop/edit", "post /environments/shop/webhook",
        "post /environments", "post /bulk/hold", "post /bulk/resume", "post /bulk/refreshes", "post /drift/ID/branch",
        "post /settings/tokens", "post /settings/credentials", "post /settings/password", "post /audit/verify",
        "post /logout", "get /", "get /operations", "get /audit", "get /search",
    } - seen == set()  # fmt: skip
