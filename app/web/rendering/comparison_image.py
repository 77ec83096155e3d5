"""The answer of a comparison as one SVG image that needs nothing else, for a wiki, a chat or a slide."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from hashlib import sha256
from html import escape
from textwrap import wrap

from app.comparison import Comparison, ComparisonAnswer
from app.comparison.summary.answer import AnswerFigure
from app.wording.times import duration, exact

WIDTH, HEIGHT, MARGIN = 1200, 630, 64
COLUMN = (WIDTH - 2 * MARGIN) / 3
LINE, CHARACTERS, LINES = 42, 62, 5
STYLE = """
svg { color-scheme: light dark; --ground: light-dark(#ffffff, #14181c); --ink: light-dark(#14181d, #e9ecef);
  --quiet: light-dark(#545d68, #a1aab4); --line: light-dark(#e1e4e8, #262c33);
  --push: light-dark(#1561cc, #7db1ff); --pull: light-dark(#b84a00, #ff9d5c);
  font-family: ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif }
.ground { fill: var(--ground) } .line { stroke: var(--line) } text { fill: var(--ink) }
.answer { font-size: 30px; font-weight: 600 } .title { font-size: 20px; font-weight: 600 }
.figure { font-size: 34px; font-weight: 600 } .small { font-size: 17px; fill: var(--quiet) }
.push { fill: var(--push) } .pull { fill: var(--pull) }
"""
POLICY = (
    f"default-src 'none'; style-src 'sha256-{base64.b64encode(sha256(STYLE.encode()).digest()).decode()}'; "
    "frame-ancestors 'none'"
)


def image(found: Comparison, answer: ComparisonAnswer) -> str:
    """The image. Its style follows what the viewer's system prefers, light or dark."""
    lines = _wrapped(answer.sentence)
    text = "".join(
        f'<text class="answer" x="{MARGIN}" y="{112 + number * LINE}">{escape(line)}</text>'
        for number, line in enumerate(lines)
    )
    figures = "".join(_figure(figure, MARGIN + place * COLUMN) for place, figure in enumerate(answer.figures))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'role="img" aria-label="{escape(answer.sentence)}"><style>{STYLE}</style>'
        f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}"/>'
        f'<text class="small" x="{MARGIN}" y="64">Push or pull?</text>{text}'
        f'<path class="line" d="M{MARGIN} 336H{WIDTH - MARGIN}"/>{figures}'
        f'<path class="line" d="M{MARGIN} 556H{WIDTH - MARGIN}"/>'
        f'<text class="small" x="{MARGIN}" y="590">{escape(" · ".join(_footer(found)))}</text></svg>\n'
    )


def _wrapped(sentence: str) -> list[str]:
    lines = wrap(sentence, CHARACTERS)
    return lines if len(lines) <= LINES else [*lines[: LINES - 1], lines[LINES - 1][: CHARACTERS - 2] + " …"]


def _figure(figure: AnswerFigure, x: float) -> str:
    sides = zip((("push", "→"), ("pull", "←")), figure.values.values(), (428, 474), strict=True)
    values = "".join(
        f'<text class="{mode} figure" x="{x:g}" y="{y}">{sign} {escape(duration(value))}'
        f'<tspan class="small" dx="10">{mode}</tspan></text>'
        for (mode, sign), value, y in sides
    )
    words = "".join(
        f'<text class="small" x="{x:g}" y="{y}">{escape(line)}</text>'
        for line, y in ((figure.said, 510), (figure.n_in_words, 534))
    )
    return f'<text class="title" x="{x:g}" y="380">{escape(figure.title)}</text>{values}{words}'


def _footer(found: Comparison) -> Iterable[str]:
    yield f"{exact(found.since)} to {exact(found.until)}" if found.window != "all" else f"until {exact(found.until)}"
    if found.labels:
        yield ", ".join(f"{key}={value}" for key, value in found.labels.items())
    if found.subject:
        yield found.subject.environment
    yield "medians; measured by PushPull"
