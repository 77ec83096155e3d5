"""The `pushpull` command."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from app import __version__
from app.cli import (
    agent_commands,
    audit_commands,
    backup_commands,
    delivery_commands,
    demo_command,
    environment_commands,
    local_agent_commands,
    output,
    server_commands,
    token_commands,
    user_commands,
)
from app.client import Failure

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"pushpull {__version__}")
        raise typer.Exit()


@app.callback()
def root(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show it.")] = False,
) -> None:
    """PushPull: from Git to where it runs, pushed and pulled on one road.

    Client commands reach the server at PUSHPULL_URL with the token in PUSHPULL_TOKEN.
    """


for part in (
    environment_commands,
    delivery_commands,
    audit_commands,
    token_commands,
    server_commands,
    user_commands,
    local_agent_commands,
    backup_commands,
    demo_command,
):
    part.register(app)
agent_commands.register(local_agent_commands.group)


def main() -> None:
    """Run the command line; failures are told in words, with an exit code other than 0."""
    output.prepare()
    try:
        app()
    except Failure as failure:
        output.say(f"pushpull: {failure}", err=True)
        sys.exit(failure.code)
    except KeyboardInterrupt:
        sys.exit(130)
