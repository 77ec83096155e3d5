"""`pushpull agent list|token|revoke`: agents as the control plane knows them."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from app.cli import output
from app.cli.connection.connecting import connected
from app.cli.environment_commands import AsJson
from app.cli.surface.help_text import ClientCommand
from app.domain.agents.enrollment_commands import host_commands, service_unit


def register(group: typer.Typer) -> None:
    """Add this module's commands to the group `agent`."""
    group.command("list", cls=ClientCommand)(list_)
    group.command("token", cls=ClientCommand)(token)
    group.command("revoke", cls=ClientCommand)(revoke)


def list_(as_json: AsJson = False) -> None:
    """List agents: who works for what, and when it was heard of last.

    Examples:
        pushpull agent list
    """
    items = list(connected().pages("/agents"))
    if as_json:
        output.as_json({"items": items, "next": None})
        return
    rows = [_row(one) for one in items]
    output.table(("ID", "NAME", "STATE", "HEARD", "VERSION", "CLOCK", "WAITING", "ENVIRONMENTS"), rows)


def _row(one: dict[str, Any]) -> list[str]:
    clock, served = f"{one['offset_s']:+.3f} s", ", ".join(one["environments"])
    state = _state(one), output.ago(one["heard_at"]), one["version"]
    return [one["id"], one["name"], *state, clock, str(one["waiting"]), served]


def _state(one: dict[str, Any]) -> str:
    return "revoked" if one["revoked_at"] else "connected" if one["connected"] else "not connected"


def token(
    environments: Annotated[list[str], typer.Argument(metavar="ENV...", help="What the agent shall work for.")],
    as_json: AsJson = False,
) -> None:
    """Make a one-time token that enrolls one agent, shown this once. What to run with it is told beside it (stderr).

    Examples:
        pushpull agent token shop docs
    """
    client = connected()
    made = client.call("POST", "/agents/enrollments", {"environments": environments})
    if as_json:
        output.as_json(made)
        return
    found = [client.call("GET", f"/environments/{one}") for one in environments]
    places = [str(one["target"].get("path", "")) for one in found]
    repositories = [one["source"]["repo_url"] for one in found]
    commands, unit = host_commands(client.url, places, repositories), service_unit(places, repositories)
    typer.echo(f"Run on the agent's machine, within the hour:\n{commands}", err=True)
    typer.echo(f"Or instead of the second, as /etc/systemd/system/pushpull-agent.service:\n{unit}", err=True)
    typer.echo("The first asks for this token:", err=True)
    typer.echo(made["token"])


def revoke(
    id: Annotated[str, typer.Argument(metavar="AGENT", help="Id of the agent.")], as_json: AsJson = False
) -> None:
    """Revoke an agent at once; its environments read Unknown.

    Examples:
        pushpull agent revoke a1b2c3
    """
    connected().call("DELETE", f"/agents/{id}")
    output.as_json({"revoked": id}) if as_json else typer.echo(f"revoked {id}")
