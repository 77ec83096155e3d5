"""`pushpull token …`: API tokens."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli import output
from app.cli.connection.connecting import connected
from app.cli.environment_commands import AsJson
from app.cli.surface.help_text import CommandGroup
from app.domain.permissions import ADMIN, ROLES

group = CommandGroup(help="Create, list and revoke API tokens.")


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(group, name="token")


@group.command("create")
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for.")],
    expires_at: Annotated[str | None, typer.Option("--expires-at", help="RFC 3339 time.")] = None,
    role: Annotated[str, typer.Option(help=f"{' or '.join(ROLES)}.")] = ADMIN,
    as_json: AsJson = False,
) -> None:
    """Create a token; it is shown once.

    Examples:
        pushpull token create ci --role read --expires-at 2027-12-31T00:00:00Z
    """
    body = {"name": name, "role": role} | ({"expires_at": expires_at} if expires_at else {})
    made = connected().call("POST", "/tokens", body)
    output.as_json(made) if as_json else typer.echo(made["token"])


@group.command("list")
def list_(as_json: AsJson = False) -> None:
    """List tokens, without their secrets.

    Examples:
        pushpull token list
    """
    items = list(connected().pages("/tokens"))
    if as_json:
        output.as_json({"items": items, "next": None})
        return
    rows = [[one["id"], one["name"], one["prefix"] + "…", one["role"], output.ago(one["used_at"]),
             "revoked" if one["revoked_at"] else one["expires_at"] or "no expiry"] for one in items]  # fmt: skip
    output.table(("ID", "NAME", "TOKEN", "ROLE", "USED", "STATE"), rows)


@group.command("revoke")
def revoke(
    id: Annotated[str, typer.Argument(metavar="TOKEN", help="Id of the token.")], as_json: AsJson = False
) -> None:
    """Revoke a token at once.

    Examples:
        pushpull token revoke 3
    """
    connected().call("DELETE", f"/tokens/{id}")
    output.as_json({"revoked": id}) if as_json else typer.echo(f"revoked {id}")
