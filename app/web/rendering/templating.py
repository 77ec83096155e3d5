"""The Jinja environment that all pages share: filters, plots, addresses (`to`), macros of ui.html (`ui`)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.web.rendering import links, plots, present
from app.web.rendering.diff_rows import diff_lines


def environment(templates: Path, static: Callable[[str], str]) -> Environment:
    """An environment over a folder of templates; `static` turns a name below static/ into a URL."""
    env = Environment(
        loader=FileSystemLoader(templates),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters.update(present.FILTERS, diff_lines=diff_lines)
    env.globals.update(plots.FUNCTIONS, static=static, to=links)
    env.globals["ui"] = env.get_template("ui.html").make_module()
    return env
