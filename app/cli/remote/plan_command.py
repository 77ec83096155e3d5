"""`pushpull plan`: what a delivery would do."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from app.cli import output
from app.cli.connection.connecting import connected
from app.cli.environment_commands import AsJson, Name
from app.cli.surface.exit_codes import CHANGES
from app.cli.surface.help_text import ClientCommand
from app.wording.quantities import plural


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("plan", cls=ClientCommand)(plan)


def plan(
    name: Name,
    revision: Annotated[str, typer.Option("--revision", "-r", help="Its repository's commit, branch or tag.")] = "",
    detailed: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit 5 where there are changes, 0 where there are none.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what a delivery would do: its commits, each change, drift that it overwrites, a hold in the way.

    Nothing is changed. Secrets are masked.

    Examples:
        pushpull plan shop
        pushpull plan shop --revision v1.5.0 --detailed-exitcode
    """
    found = connected().call("GET", f"/environments/{name}/plan", revision=revision)
    output.as_json(found) if as_json else _tell(found)
    if detailed and not found["up_to_date"]:
        raise typer.Exit(CHANGES)


def _tell(found: dict[str, Any]) -> None:
    to = f"{output.short(found['revision'])} {found['subject']}"
    if found["up_to_date"]:
        output.say(f"{to} is live already; nothing would change")
        return
    output.say(f"{output.short(found['from_revision'])} to {to}")
    for one in found["commits"]:
        output.say(f"  brings {output.short(one['revision'])} {one['subject']}, by {one['author']}")
    for item in found["items"]:
        output.say(f"{item['action']:<8} {item['path']}")
        if item["diff"]:
            output.say(item["diff"])
    more = found["count"] - len(found["items"])
    output.say(f"{plural(found['count'], 'change')}{f', {more:,} of them not shown' if more > 0 else ''}")
    _warn(found)


def _warn(found: dict[str, Any]) -> None:
    """What a person should know before the delivery."""
    if found["drifted"]:
        output.say(f"overwrites what was changed outside Git at {plural(found['drifted'], 'path')}")
    if found["bad"] is not None:
        output.say(f"this revision is marked bad: {found['bad']}")
    hold = found["hold"]
    if hold:
        output.say(
            f"held by {hold['owner']}: {hold['reason'] or 'no reason given'}; `push --override-hold` goes over it"
        )
