"""`pushpull what-if` and `pushpull advice`: what the other mode would have given, and what to choose."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from app.cli import output
from app.cli.connection.connecting import connected
from app.cli.environment_commands import AsJson, Name
from app.cli.surface.help_text import ClientCommand
from app.wording.quantities import number, percent, plural
from app.wording.times import duration

Window = Annotated[str, typer.Option(help="24h, 7d, 30d, 90d or all.")]
PLACES = {"here": "", "elsewhere": "all environments: ", "": ""}


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("what-if", cls=ClientCommand)(what_if)
    app.command("advice", cls=ClientCommand)(advice)


def what_if(
    name: Name,
    interval: Annotated[
        float | None, typer.Option("--interval", min=1, help="Seconds between two polls; its own without it.")
    ] = None,
    pipeline: Annotated[
        float | None, typer.Option("--pipeline", min=0, help="Seconds until a pipeline calls; as measured without it.")
    ] = None,
    window: Window = "30d",
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


def advice(name: Name, window: Window = "30d", as_json: AsJson = False) -> None:
    """Say whether to push, to pull, or to pull when a webhook nudges, and what was measured for and against it.

    Examples:
        pushpull advice shop
        pushpull advice shop --window 7d --json
    """
    found = connected().call("GET", f"/environments/{name}/advice", window=window)
    output.as_json(found) if as_json else _advise(found)


def _advise(found: dict[str, Any]) -> None:
    output.say(found["sentence"])
    for one in found["reasons"]:
        output.say(f"  for {'being told at once' if one['speaks_for'] == 'told' else one['speaks_for']}: {one['text']}")
    for one in found["criteria"]:
        output.say(f"\n{one['title']}: {one['verdict']}")
        output.fields({f"  {mode}": _measured(one[mode]) for mode in ("push", "pull")})
    for mode, side in (("push", "for"), ("push", "against"), ("pull", "for"), ("pull", "against")):
        output.say(f"\nSaid {side} {mode}:")
        said = [one for one in found["trade_offs"] if (one["mode"], one["side"]) == (mode, side)]
        output.fields({f"  {one['title']}": _measured(one["measured"]) for one in said})


def _measured(one: dict[str, Any]) -> str:
    return output.escape(f"{PLACES[one['place']]}{one['text']}")
