"""The figures as JSON, kept by benchmark, and as a page made from it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.measuring import Figure, Result, Verdict

Kept = dict[str, Any]
HEAD = """# Benchmarks

Figures of one machine; read the ratios, which compare within one run. The cases of a benchmark take turns (A B A B), so
that a busy moment falls on all of them; a ratio is the median of the rounds' ratios. Repeat all with `make bench`, or
some with `python -m bench NAME …`. Where a goal is missed, the notes say why.
"""


def kept(result: Result, facts: Mapping[str, str]) -> Kept:
    """A result as JSON. `facts`: date, machine, command, load."""
    return {
        **facts,
        "title": result.title,
        "told": result.told,
        "figures": [_figure(one) for one in result.figures],
        "verdicts": [_verdict(one) for one in result.verdicts],
        "notes": result.notes,
    }


def _figure(one: Figure) -> Kept:
    return {
        "name": one.name,
        "unit": one.unit,
        "n": len(one.values),
        "median": one.median,
        "p95": one.percentile(0.95),
        "least": min(one.values),
    }


def _verdict(one: Verdict) -> Kept:
    return {"name": one.name, "value": one.value, "unit": one.unit, "goal": one.goal, "at_most": one.at_most,
            "met": one.met}  # fmt: skip


def write(folder: Path, results: Mapping[str, Kept], order: tuple[str, ...]) -> None:
    """Renew the results of some benchmarks, and leave those of the others."""
    file = folder / "results.json"
    before: dict[str, Kept] = json.loads(file.read_text("utf-8")) if file.exists() else {}
    merged = {**before, **results}
    ordered = {name: merged[name] for name in order if name in merged}
    folder.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n", "utf-8")
    (folder / "results.md").write_text(page(ordered), "utf-8")


def page(results: Mapping[str, Kept]) -> str:
    """Everything, for people."""
    return "\n".join((HEAD, *_goals(results), *(line for one in results.values() for line in _section(one))))


def _goals(results: Mapping[str, Kept]) -> list[str]:
    rows = [
        f"| {result['title']} | {verdict['name']} | {_goal(verdict)} | {shown(verdict['value'], verdict['unit'])} | "
        f"{'yes' if verdict['met'] else '**no**'} |"
        for result in results.values()
        for verdict in result["verdicts"]
        if verdict["goal"] is not None
    ]
    return ["## Goals", "", "| benchmark | what | goal | measured | met |", "|---|---|---|---|---|", *rows, ""]


def _section(result: Kept) -> list[str]:
    lines = [f"## {result['title']}", "", result["told"], ""]
    if result["figures"]:
        lines += ["| figure | median | p95 | least | n |", "|---|--:|--:|--:|--:|"]
        lines += [_row(one) for one in result["figures"]]
        lines.append("")
    if result["verdicts"]:
        lines += ["| ratio or goal | value | goal |", "|---|--:|---|"]
        lines += [
            f"| {one['name']} | {shown(one['value'], one['unit'])} | {_goal(one)} |" for one in result["verdicts"]
        ]
        lines.append("")
    lines += [f"- {note}" for note in result["notes"]]
    lines.append(f"- {result['date']}; {result['machine']}; load {result['load']}. Repeat: `{result['command']}`")
    return [*lines, ""]


def _row(one: Kept) -> str:
    values = (shown(one[name], one["unit"]) for name in ("median", "p95", "least"))
    return f"| {one['name']} | {' | '.join(values)} | {one['n']} |"


def _goal(verdict: Kept) -> str:
    if verdict["goal"] is None:
        return ""
    return f"{'≤' if verdict['at_most'] else '≥'} {shown(verdict['goal'], verdict['unit'])}"


def shown(value: float, unit: str) -> str:
    """A value for people: seconds below ten are told in milliseconds."""
    if unit == "s" and value < 10:
        return f"{value * 1000:,.1f} ms" if value < 0.1 else f"{value * 1000:,.0f} ms"
    digits = 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:,.{digits}f} {unit}"
