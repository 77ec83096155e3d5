"""What others wrote is shown on every page with nothing in it that hides, turns a line round or steers a terminal."""

from __future__ import annotations

import re
from pathlib import Path

from app.wording.visible_text import UNSEEN
from tests.support.server import LiveServer
from tests.web.pages.conftest import logged_in

EVIL = "a\x1b[2J\x07\u202eb\u200bc\u2066d\ufeffe\x9bf\xadg\U000e0041h"
STAYS = re.compile("[\n\r\t]")


def test_no_page_holds_what_cannot_be_seen(tmp_path: Path) -> None:
    with LiveServer(tmp_path, scheduler=False) as server, logged_in(server) as person:
        path = "site/" + EVIL.replace("\x07", "")
        repo = server.repo("shop", {path: "one\n", "site/index.html": f"{EVIL}\n"})
        hook = [{"when": "pre", "command": ["printf", "%s", "\u202e\u200b\u2066 said by a hook"]}]
        server.environment("shop", repo, policy={"hooks": hook}, labels={"owner": "x\u202ey"})
        first = server.sync("shop", pipeline={"id": "7\u202e", "url": "https://ci.example.org/7"})
        repo.commit({path: "two\n"}, EVIL.replace("\x07", ""))
        second = server.sync("shop")
        assert (first["phase"], second["phase"]) == ("succeeded", "succeeded")
        (server.live / "shop" / "index.html").write_text("changed \u202e by hand\n")
        server.refresh("shop")
        server.call("PUT", "/environments/shop/hold", {"reason": "\u202eheld\u200b"})
        server.call("POST", "/tokens", {"name": "t\u202eoken"}, status=201)
        failed = server.sync("shop", revision="\u202e\u200bno-such-branch", override_hold=True)
        below = [
            f"/environments/shop{view}" for view in ("", "/drift", "/history", "/pipeline", "/settings", "/rollback")
        ]
        pages = [
            "/",
            "/operations",
            "/drift",
            "/audit",
            "/compare",
            "/agents",
            "/settings",
            "/environments/new",
            *below,
        ]
        pages += [f"/operations/{one['id']}" for one in (first, second, failed)]
        pages += [f"{page}?q=%E2%80%AEx&actor=%E2%80%AEx" for page in ("/", "/operations", "/audit", "/drift")]
        seen = 0
        for page in pages:
            answer = person.get(page)
            assert answer.status_code == 200, page
            found = UNSEEN.search(STAYS.sub("", answer.text))
            around = answer.text[max(0, found.start() - 80) : found.end() + 80] if found else ""
            assert found is None, (page, around)
            seen += "\\u202e" in answer.text
        assert seen > 5
        for address in ("/api/v1/environments", "/api/v1/events", "/api/v1/audit/export?format=csv"):
            assert not UNSEEN.search(STAYS.sub("", server.http.get(address).text)), address
