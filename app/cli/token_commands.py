"""`pushpull token …`: API tokens."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli import output
from app.cli.environment_commands import AsJson
from app.client import Client
from app.domain.permissions import ADMIN, ROLES

group = typer.Typer(no_args_is_help=True, help="Create, list and revoke API tokens.")


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(group, name="token")


@group.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What it is for.")],
    expires_at: Annotated[str | None, typer.Option("--expires-at", help="RFC 3339 time.")] = None,
    role: Annotated[str, typer.Option(help=f"{' or '.join(ROLES)}.")] = ADMIN,
    as_json: AsJson = False,
) -> None:
    """Create a token; it is shown once."""
    body = {"name": name, "role": role} | ({"expires_at": expires_at} if expires_at else {})
    made = Client().call("POST", "/tokens", body)
    output.as_json(made) if as_json else typer.echo(made["token"])


@group.command("list")
def list_(as_json: AsJson = False) -> None:
    """List tokens, without their secrets."""
    items = list(Client().pages("/tokens"))
    if as_json:
        output.as_json({"items": items, "next": None})
        return
    rows = [[one["id"], one["name"], one["prefix"] + "…", one["role"], output.ago(one["used_at"]),
             "revoked" if one["revoked_at"] else one["expires_at"] or "no expiry"] for one in items]  # fmt: skip
    output.table(("ID", "NAME", "TOKEN", "ROLE", "USED", "STATE"), rows)


@group.command("revoke")
def revoke(id: Annotated[str, typer.Argument(help="Id of the token.")]) -> None:
    """Revoke a token at once."""
    Client().call("DELETE", f"/tokens/{id}")
    typer.echo(f"revoked {id}")
