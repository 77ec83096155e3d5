"""`pushpull backup | restore`: looking after an installation, on its own machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli import output as show
from app.cli.audit_commands import local_log
from app.cli.server_commands import settings
from app.client import Failure


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    for command in (backup, restore):
        app.command(command.__name__)(command)


def backup(
    out: Annotated[Path, typer.Argument(metavar="FILE", help="Archive to write, e.g. pushpull-backup.tar.gz.")],
) -> None:
    """Write a consistent backup while the server runs: database, keys, inventories. Keep it as safe as the keys.

    Examples:
        pushpull backup pushpull-backup.tar.gz
    """
    from app.store import open_engine
    from app.store.backup import backup as write

    given = settings()
    rows = write(open_engine(given.database()), given.folder(), out)
    typer.echo(f"wrote {out}: {rows:,} rows")


def restore(
    archive: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="A backup.")],
    force: Annotated[bool, typer.Option(help="Replace key files that are there already.")] = False,
) -> None:
    """Fill an empty installation from a backup, on SQLite or PostgreSQL. Stop the server first.

    Examples:
        PUSHPULL_DATA_DIR=/var/lib/pushpull pushpull restore pushpull-backup.tar.gz
    """
    from app.domain.errors import Problem
    from app.store import open_engine
    from app.store.backup import restore as fill
    from app.store.only_server import AlreadyServed, claim

    given = settings()
    try:
        with claim(given.folder(), given.database()):
            rows = fill(archive, open_engine(given.database()), given.folder(), force=force)
    except Problem as problem:
        raise Failure(problem.detail) from None
    except AlreadyServed as problem:
        raise Failure(f"nothing was restored: {problem}") from None
    typer.echo(f"restored {rows:,} rows")
    with local_log() as log:
        found = log.verify_stored()
    if not found.valid:
        show.say(f"what this data directory knew of the audit log is not what was restored: {found.problem}", err=True)
