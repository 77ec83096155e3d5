"""`pushpull user …`: people, on the server's own machine."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.server_commands import settings
from app.cli.surface.help_text import CommandGroup, HelpfulCommand
from app.client import Failure

group = CommandGroup(of=HelpfulCommand, help="People who log in. Run it on the server's machine, as its account.")


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(group, name="user")


@group.callback()
def _group() -> None:
    """People who log in. Run it on the server's machine, as its account."""


@group.command("reset")
def reset(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="Who lost the password or is locked out.")] = "admin",
) -> None:
    """Give somebody a one-time password: every session ends, and no lock-out stands in the way any more.

    The server may run meanwhile. It reads the same settings as `pushpull serve`, such as PUSHPULL_DATA_DIR.

    Examples:
        PUSHPULL_DATA_DIR=/var/lib/pushpull pushpull user reset admin
    """
    from getpass import getuser

    from app.domain.actor import Actor, ActorKind
    from app.domain.errors import Problem
    from app.main import local_access

    with local_access(settings()) as access:
        try:
            made = access.reset(name, Actor(ActorKind.LOCAL, getuser()))
        except Problem as problem:
            raise Failure(problem.detail) from None
    typer.echo(f"Log in as {name} with the one-time password {made}")
