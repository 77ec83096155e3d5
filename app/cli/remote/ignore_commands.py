"""`pushpull ignore … | acknowledge`: drift that is known or accepted."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli import output
from app.cli.connection.connecting import connected
from app.cli.delivery_commands import Expires
from app.cli.environment_commands import AsJson, Name
from app.cli.surface.help_text import ClientCommand, CommandGroup

group = CommandGroup(help="Accept drift at a path or a pattern: add, list, remove.")
Pattern = Annotated[str, typer.Argument(metavar="PATTERN", help="A path, or a pattern such as 'uploads/*'.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(group, name="ignore")
    app.command("acknowledge", cls=ClientCommand)(acknowledge)


@group.command("add")
def add(
    name: Name,
    pattern: Pattern,
    reason: Annotated[str, typer.Option("--reason", "-m", help="Why it is accepted; kept with who said so.")],
    expires_at: Expires = None,
    as_json: AsJson = False,
) -> None:
    """Accept drift at a path or a pattern. Quote a pattern, so that the shell leaves it alone.

    Examples:
        pushpull ignore add shop 'uploads/*' -m "customers upload there"
        pushpull ignore add shop maintenance.html -m "until the move is over" --expires-at 2027-01-31T18:00:00Z
    """
    body = {"path": pattern, "reason": reason} | ({"expires_at": expires_at} if expires_at else {})
    asked = connected().call("PUT", f"/environments/{name}/ignore-rules", body)
    output.as_json(asked) if as_json else output.say(f"drift at {pattern} is ignored; refresh {asked['id']} follows")


@group.command("list")
def list_(name: Name, as_json: AsJson = False) -> None:
    """List where drift is accepted, by whom and why.

    Examples:
        pushpull ignore list shop
    """
    items = connected().call("GET", f"/environments/{name}")["policy"].get("ignore") or []
    if as_json:
        output.as_json({"items": items, "next": None})
        return
    rows = [[output.escape(one["path"]), output.escape(one.get("reason") or ""), output.escape(one.get("owner") or "-"),
             one.get("expires_at") or "no end"] for one in items]  # fmt: skip
    output.table(("PATTERN", "REASON", "BY", "UNTIL"), rows)


@group.command("remove")
def remove(name: Name, pattern: Pattern, as_json: AsJson = False) -> None:
    """Let drift at a path or a pattern count again.

    Examples:
        pushpull ignore remove shop 'uploads/*'
    """
    asked = connected().call("DELETE", f"/environments/{name}/ignore-rules", path=pattern)
    output.as_json(asked) if as_json else output.say(f"drift at {pattern} counts again; refresh {asked['id']} follows")


def acknowledge(name: Name, as_json: AsJson = False) -> None:
    """Say that somebody knows of the drift; it stays until it is answered.

    Examples:
        pushpull acknowledge shop
    """
    connected().call("POST", f"/environments/{name}/drift/acknowledgements")
    output.as_json({"acknowledged": name}) if as_json else output.say(f"noted that you know of the drift of {name}")
