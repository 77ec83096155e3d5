"""A report as one HTML file that needs nothing else: style and drawing are in it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from app.comparison.summary.report import MeasuredReport, ReportTable
from app.web.rendering.curves import curves_of_samples

WIDTH, HEIGHT, LEFT, TOP = 640, 220, 44, 12
STYLE = """
:root { color-scheme: light dark; --push: light-dark(#1561cc, #7db1ff); --pull: light-dark(#b84a00, #ff9d5c);
  --line: light-dark(#d9dde3, #343b45); --quiet: light-dark(#555d68, #a3acb8) }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem; line-height: 1.25 } h2 { font-size: 1.125rem; margin-top: 2rem }
.answer { font-size: 1.125rem; border-left: 4px solid var(--line); padding-left: 1rem }
.quiet { color: var(--quiet); font-size: .875rem }
.scroll { overflow-x: auto } table { border-collapse: collapse; width: 100%; font-size: .875rem }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line) }
td { overflow-wrap: anywhere } .push { color: var(--push) } .pull { color: var(--pull) }
svg { width: 100%; height: auto } svg path { fill: none; stroke-width: 2 }
svg text { fill: var(--quiet); font-size: 12px }
svg .push { stroke: var(--push) } svg .pull { stroke: var(--pull); stroke-dasharray: 6 3 }
svg line { stroke: var(--line) }
@media print { body { margin: 0; max-width: none } tr { break-inside: avoid } }
"""

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>{style}</style></head>
<body>
{body}
</body></html>
"""
WORDS = '<b class="push">Push</b> is the whole line, <b class="pull">pull</b> the dashed one.'


def document(report: MeasuredReport) -> str:
    """The whole file."""
    figures = [(one.label, one.push, one.pull, one.note) for one in report.figures]
    parts = [
        f"<h1>{escape(report.title)}</h1>",
        f'<p class="answer">{escape(report.answer)}</p>',
        _table(("", "Push", "Pull", ""), figures),
        _drawing(report),
        "<h2>Method</h2>",
        *(f"<p>{escape(one)}</p>" for one in report.method),
        _table(("Parameter", "Value"), report.parameters),
        *map(_section, report.tables),
        "<h2>What this does not tell</h2>",
        "<ul>" + "".join(f"<li>{escape(one)}</li>" for one in report.unknown) + "</ul>",
    ]
    return PAGE.format(title=escape(report.title), style=STYLE, body="\n".join(parts))


def _section(table: ReportTable) -> str:
    return f'<h2>{escape(table.title)}</h2>\n<p class="quiet">{escape(table.note)}</p>\n' + _table(
        table.columns, table.rows
    )


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    classes = [f' class="{one.lower()}"' if one in ("Push", "Pull") else "" for one in columns]
    head = "".join(f'<th scope="col"{kind}>{escape(one)}</th>' for one, kind in zip(columns, classes, strict=True))
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>\n" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table></div>'


def _drawing(report: MeasuredReport) -> str:
    curves = curves_of_samples(report.curves, report.drawn)
    if not curves.paths:
        return ""
    across, down = (WIDTH - LEFT - 12) / 100, (HEIGHT - TOP - 28) / 100
    ticks = "".join(_tick(LEFT + x * across, label, last=x > 99) for x, label in curves.on.ticks)
    shares = "".join(
        f'<line x1="{LEFT}" x2="{WIDTH - 12}" y1="{TOP + share * down:g}" y2="{TOP + share * down:g}"/>'
        f'<text x="{LEFT - 6}" y="{TOP + share * down + 4:g}" text-anchor="end">{100 - share} %</text>'
        for share in (0, 50, 100)
    )
    paths = "".join(
        f'<path class="{mode}" vector-effect="non-scaling-stroke" d="{path}"/>' for mode, path in curves.paths.items()
    )
    place = f'<g transform="translate({LEFT} {TOP}) scale({across:g} {down:g})">{paths}</g>'
    label = escape(curves.text)
    drawn = f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">{shares}{ticks}{place}</svg>'
    return f'<figure>{drawn}<figcaption class="quiet">{label}. {WORDS}</figcaption></figure>'


def _tick(x: float, label: str, *, last: bool) -> str:
    anchor = "end" if last else "middle"
    return f'<text x="{x:g}" y="{HEIGHT - 8}" text-anchor="{anchor}">{escape(label)}</text>'
