"""Answers to drift: put it right, or write it back to Git."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from app.cli import output
from app.cli.delivery_commands import OverrideHold, Timeout, Wait, end
from app.cli.environment_commands import AsJson, Name
from app.client import Client
from app.wording.quantities import secrets_in_words

Paths = Annotated[list[str] | None, typer.Argument(help="Drifted paths; default is all of them.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("heal")(heal)
    app.command("write-back")(write_back)


def heal(
    name: Name, override_hold: OverrideHold = False, wait: Wait = False, timeout: Timeout = 600, as_json: AsJson = False
) -> None:
    """Make live equal the live revision again; what was changed by hand is overwritten."""
    client = Client()
    body = {"override_hold": True} if override_hold else {}
    ended = end(client, client.call("POST", f"/environments/{name}/drift/heals", body), wait, timeout, as_json)
    if wait and ended["phase"] != "succeeded":
        raise typer.Exit(1)


def write_back(
    name: Name,
    paths: Paths = None,
    branch: Annotated[str | None, typer.Option(help="Default is the environment's own branch.")] = None,
    message: Annotated[str, typer.Option("--message", "-m", help="Message of the commit.")] = "",
    include_secrets: Annotated[
        list[str] | None,
        typer.Option("--include-secrets", help="Path to publish although it looks like secrets."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Commit what drifted to Git, on the live revision. What looks like secrets is left out unless it is named."""
    body: dict[str, Any] = {"paths": paths or [], "message": message, "include_secrets": include_secrets or []}
    body |= {"branch": branch} if branch else {}
    done = Client().call("POST", f"/environments/{name}/drift/write-backs", body)
    if as_json:
        output.as_json(done)
        return
    follows = done["operation"]
    waits = done["waits"] or (f"operation {follows['id']} records it as live" if follows else "")
    output.say(f"committed {done['revision'][:8]} to {done['branch']}{f'; {waits}' if waits else ''}")
    for one in done["left_out"]:
        output.say(f"left out  {one['path']}: {secrets_in_words(one['masked_lines'])}")
