"""The `pushpull` command."""

from __future__ import annotations

import errno
import os
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
from app.cli.connection.connecting import ProfileName, TokenFile, Url
from app.cli.guidance import help_commands
from app.cli.remote import (
    credential_commands,
    experiment_commands,
    ignore_commands,
    log_in_commands,
    outlook_commands,
    plan_command,
    record_commands,
)
from app.cli.surface import plain_bytes
from app.cli.surface.exit_codes import FAILED, INTERRUPTED
from app.cli.surface.help_text import CommandGroup, HelpfulCommand, settings
from app.client import Failure

WRITING = (errno.EPIPE, errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EFBIG)
app = CommandGroup(of=HelpfulCommand, context_settings=settings())


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"pushpull {__version__}")
        raise typer.Exit()


@app.callback()
def root(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show it.")] = False,
    profile: ProfileName = "",
    url: Url = "",
    token_file: TokenFile = "",
) -> None:
    """PushPull: from Git to where it runs, pushed and pulled on one road.

    `pushpull login URL` says which server is asked; `pushpull help connection` tells of other ways, `pushpull help
    exit-codes` what scripts go by.
    """


for part in (
    environment_commands,
    delivery_commands,
    plan_command,
    record_commands,
    ignore_commands,
    credential_commands,
    experiment_commands,
    outlook_commands,
    audit_commands,
    token_commands,
    log_in_commands,
    server_commands,
    user_commands,
    local_agent_commands,
    backup_commands,
    demo_command,
    help_commands,
):
    part.register(app)
agent_commands.register(local_agent_commands.group)


def main() -> None:
    """Run the command line; failures are told in words, with an exit code other than 0."""
    plain_bytes.ready()
    try:
        sys.exit(_run())
    except BrokenPipeError:
        plain_bytes.abandon()
        sys.exit(plain_bytes.GONE)


def _run() -> int:
    if "_PUSHPULL_COMPLETE" in os.environ:
        from typer.completion import completion_init  # type: ignore[attr-defined]

        completion_init()
    out = sys.stdout
    try:
        code = app(prog_name="pushpull")
    except SystemExit as end:
        code = end.code
        if sys.stdout is not out:  # how the library says that nobody reads any more
            sys.stdout = out
            raise BrokenPipeError from None
    except Failure as failure:
        output.say(f"pushpull: {failure}", err=True)
        code = failure.code
    except KeyboardInterrupt:
        code = INTERRUPTED
    except Exception as error:
        if isinstance(error, OSError) and error.filename is None and error.errno in WRITING:
            return _unwritten(error)
        if os.environ.get("PUSHPULL_TRACEBACK"):
            raise
        output.say(f"pushpull: {type(error).__name__}: {error}\n  PUSHPULL_TRACEBACK=1 shows where.", err=True)
        code = FAILED
    return _flushed(code if isinstance(code, int) else FAILED if code else 0)


def _flushed(code: int) -> int:
    """The exit code, once everything is written."""
    try:
        sys.stdout.flush()
    except OSError as error:
        return _unwritten(error)
    return code


def _unwritten(error: OSError) -> int:
    """The exit code where standard output takes nothing more."""
    if isinstance(error, BrokenPipeError):
        raise error
    plain_bytes.abandon()
    output.say(f"pushpull: standard output: {error.strerror}", err=True)
    return FAILED
