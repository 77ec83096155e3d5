"""The Jinja environment that all pages share: filters, plots, addresses (`to`), macros of ui.html (`ui`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from app.web.rendering import links, plots
from app.web.rendering.diff_rows import diff_lines
from app.wording.badges import look
from app.wording.operation_words import also_delivered
from app.wording.quantities import agree, listed, number, plural, size
from app.wording.role_words import deeds_of
from app.wording.short_names import actor, repository, short
from app.wording.times import clock, duration, every, exact, iso, relative, since
from app.wording.visible_text import visible_lines

FILTERS: Mapping[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        look, short, number, size, plural, agree, listed, duration, every, since, relative, exact, clock, iso, actor,
        deeds_of, repository, diff_lines, also_delivered,
    )
}  # fmt: skip


def _shown(value: Any) -> Any:
    """What an expression puts into a page: text of others with nothing in it that cannot be seen."""
    if not isinstance(value, str) or isinstance(value, Markup):  # markup is made of what came through here
        return value
    return visible_lines(value)


def environment(templates: Path, static: Callable[[str], str], standing: str = "") -> Environment:
    """An environment over a folder of templates; `static` turns a name below static/ into a URL, `standing` is a
    sentence above every page."""
    env = Environment(
        loader=FileSystemLoader(templates),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters.update(FILTERS)
    env.globals.update(plots.FUNCTIONS, static=static, to=links, standing=standing)
    env.globals["ui"] = env.get_template("ui.html").make_module()
    return env
