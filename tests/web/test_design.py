"""The design system: every macro renders in every state, icons exist, colours can be read."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.web.rendering.samples import samples
from app.web.rendering.templating import environment
from app.wording import badges

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 23, 15, 2, 11, tzinfo=UTC)
PAGES = environment(ROOT / "templates", lambda name: f"/static/{name}")
ICONS = set(re.findall(r'<symbol id="([\w-]+)"', (ROOT / "static/icons.svg").read_text("utf-8")))
CSS = (ROOT / "static/app.css").read_text("utf-8")
TOKENS = {name: pair for name, *pair in re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", CSS)}
GROUNDS = ("canvas", "surface", "sunken")
WORDS = [(ink, ground) for ink in ("ink", "ink-2", "ok", "warn", "bad", "push", "pull") for ground in GROUNDS]
BADGES = [("warn", "warn-bg"), ("bad", "bad-bg"), ("ink", "ok-bg"), ("ink", "bad-bg"), ("ink-2", "ok-bg")]
FILLED = [("on-ink", "ink"), ("on-bad", "bad-fill")]
EDGES = [(edge, ground) for edge in ("edge", "focus") for ground in GROUNDS]


@pytest.fixture(scope="module")
def patterns() -> str:
    return PAGES.get_template("patterns.html").render(user="ana", nav="", **samples(NOW))


def test_patterns_show_every_macro(patterns: str) -> None:
    names = set(re.findall(r"{% set (\w+) =", (ROOT / "templates/ui.html").read_text("utf-8")))
    shown = "".join(path.read_text("utf-8") for path in (ROOT / "templates/patterns").glob("*.html"))
    shown += (ROOT / "templates/patterns.html").read_text("utf-8")
    assert {name for name in names if f"ui.{name}(" not in shown} == set()
    assert len(patterns.encode()) < 100_000


def test_every_icon_named_anywhere_is_in_the_sprite(patterns: str) -> None:
    named = set(re.findall(r"icons\.svg#([\w-]+)", patterns))
    named |= {look.icon for looks in badges.LOOKS.values() for look in looks.values()}
    assert named - ICONS == set()


def test_ids_are_unique_and_nothing_is_inline(patterns: str) -> None:
    ids = re.findall(r'\sid="([^"]+)"', patterns)
    assert [name for name in ids if ids.count(name) > 1] == []
    assert not re.search(r"\sstyle=|<script>|\son\w+=", patterns)


@pytest.mark.parametrize(
    "call",
    [
        "revision('a', text, text)",
        "diff('@@ -1 +1 @@\n+' ~ text, text)",
        "chart('c', text, {'x': [text]})",
        "snippet(text, text)",
        "field('f', text, text, text, text)",
        "labels({text: text})",
        "badge(text, 'phase')",
        "toast('ok', text, text)",
    ],
)
def test_text_is_escaped(call: str) -> None:
    page = PAGES.from_string("{{ ui." + call + " }}").render(text="<i>'\"")
    assert "<i>" not in page
    assert "i&gt;" in page or "u003e" in page


def test_a_page_without_a_user_has_neither_navigation_nor_stream() -> None:
    context = {"status": 404, "title": "T", "detail": "D", "unchanged": "", "action": None, "code": "not_found"}
    assert "/events/stream" not in PAGES.get_template("error.html").render(user=None, **context)
    assert "/events/stream" in PAGES.get_template("error.html").render(user="ana", **context)


@pytest.mark.parametrize(("ink", "ground"), WORDS + BADGES + FILLED, ids="/".join)
def test_text_reaches_wcag_aa_in_both_themes(ink: str, ground: str) -> None:
    assert min(contrast(*pair) for pair in zip(TOKENS[ink], TOKENS[ground], strict=True)) >= 4.5


@pytest.mark.parametrize(("edge", "ground"), EDGES, ids="/".join)
def test_borders_of_controls_and_focus_can_be_seen(edge: str, ground: str) -> None:
    assert min(contrast(*pair) for pair in zip(TOKENS[edge], TOKENS[ground], strict=True)) >= 3


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
