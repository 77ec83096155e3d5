"""`pushpull what-if`: what the other mode would have given."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from app.cli import output
from app.cli.connection.connecting import connected
from app.cli.environment_commands import AsJson, Name
from app.cli.surface.help_text import ClientCommand
from app.wording.quantities import number, percent, plural
from app.wording.times import duration


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("what-if", cls=ClientCommand)(what_if)


def what_if(
    name: Name,
    interval: Annotated[
        float | None, typer.Option("--interval", min=1, help="Seconds between two polls; its own without it.")
    ] = None,
    pipeline: Annotated[
        float | None, typer.Option("--pipeline", min=0, help="Seconds until a pipeline calls; as measured without it.")
    ] = None,
    window: Annotated[str, typer.Option(help="24h, 7d, 30d, 90d or all.")] = "30d",
    as_json: AsJson = False,
) -> None:
    """Show what the other mode would have given, reckoned from the environment's own commits.

    Examples:
        pushpull what-if shop
        pushpull what-if shop --interval 300
    """
    found = connected().call(
        "GET", f"/environments/{name}/what-if", interval_s=interval, pipeline_s=pipeline, window=window
    )
    output.as_json(found) if as_json else _tell(found)


def _tell(found: dict[str, Any]) -> None:
    ways = found["ways"]
    across = zip(*(way["figures"] for way in ways), strict=True)
    rows = [[of[0]["title"], *(_figure(one) for one in of)] for of in across]
    output.table(("", *(way["title"].upper() for way in ways)), rows)
    if found["missing"]:
        output.say(found["missing"])
    if found["untimed"]:
        output.say(f"{plural(found['untimed'], 'commit')} left out: nothing tells when they could be seen")
    for way in ways:
        for text in way["assumptions"]:
            output.say(f"{way['title']}: {text}")


def _figure(one: dict[str, Any]) -> str:
    value, n = one["value"], f" (n {one['n']})" if one["n"] else ""
    if value is None:
        return "not known"
    if one["unit"] == "s":
        return duration(value) + n
    return (percent(value) if one["unit"] == "share" else f"{number(value)} a day") + n
