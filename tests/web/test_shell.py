"""What the shell promises to htmx; found out in a browser, kept here."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from app.web.rendering.templating import environment

ROOT = Path(__file__).resolve().parents[2]
PAGES = environment(ROOT / "templates", lambda name: f"/static/{name}")


@pytest.fixture(scope="module")
def page() -> str:
    return PAGES.get_template("base.html").render(user="ana", nav="drift")


def test_scripts_run_in_order_before_htmx_starts(page: str) -> None:
    scripts = re.findall(r"<script ([^>]*)>", page)
    names = [re.sub(r'.*/([\w.-]+)".*', r"\1", script) for script in scripts]
    assert names == ["theme.js", "htmx.min.js", "hx-sse.min.js", "app.js"]
    assert not any("defer" in script or "async" in script for script in scripts)
    assert page.index("theme.js") < page.index("<body>") < page.index("</main>") < page.index("htmx.min.js")


def test_there_is_one_stream_and_the_configuration_is_json(page: str) -> None:
    config = json.loads(re.findall(r"name=\"htmx-config\" content='([^']*)'", page)[0])
    assert config["includeIndicatorCSS"] is False
    assert not {"422", "42x", "4xx"} & {str(pattern) for pattern in config["noSwap"]}
    assert page.count('hx-sse:connect="/events/stream"') == 1


def test_the_current_item_is_said_and_logging_out_is_a_post(page: str) -> None:
    assert re.findall(r'href="([^"]*)" aria-current="page"', page) == ["/drift"]
    assert '<form method="post" action="/logout">' in page


def test_a_live_region_listens_to_its_events_and_polls() -> None:
    text = PAGES.from_string('{{ ui.live("/e?q=a&b=c", "environment-x", "ledger") }}').render()
    assert 'hx-get="/e?q=a&amp;b=c"' in text
    heard = "environment-x from:body throttle:1s, ledger from:body throttle:1s, pushpull:back from:body, every 60s"
    assert f'hx-trigger="{heard}"' in text
