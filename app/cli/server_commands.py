"""The server's side of the command line: serve, worker, migrate. What they need is imported when they run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.kept_imports import kept
from app.client import Failure

if TYPE_CHECKING:
    from app.config import Settings

Host = Annotated[str | None, typer.Option(help="Address to listen on (PUSHPULL_HOST).")]
DataDir = Annotated[Path | None, typer.Option(help="Folder of everything that is kept (PUSHPULL_DATA_DIR).")]
Port = Annotated[int | None, typer.Option(help="Port to listen on, 0 for any (PUSHPULL_PORT).")]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(serve)
    app.command()(worker)
    app.command()(migrate)


def settings(**given: object) -> Settings:
    """The settings of this process. Raises Failure that names the variable."""
    from pydantic import ValidationError

    from app.config import Settings

    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        lines = [f"PUSHPULL_{'.'.join(map(str, one['loc'])).upper()}: {one['msg']}" for one in error.errors()]
        raise Failure("settings are wrong\n  " + "\n  ".join(lines), 2) from None


def serve(host: Host = None, port: Port = None, data_dir: DataDir = None) -> None:
    """Run the server: pages, API, workers and schedule in one process.

    Examples:
        pushpull serve
        PUSHPULL_TARGET_ROOTS=/srv pushpull serve --port 8400 --data-dir /var/lib/pushpull
    """
    with kept():
        from app.main import serve as run
        from app.store.only_server import AlreadyServed

    given = settings(host=host, port=port, data_dir=data_dir)
    sys.stdout.write(f"Everything that is kept lies in {given.folder()}\n")
    try:
        run(given, _say_address, _say_password)
    except AlreadyServed as problem:
        raise Failure(str(problem)) from None


def _say_address(address: str) -> None:
    sys.stdout.write(f"PushPull listens on {address}\n")
    sys.stdout.flush()


def _say_password(password: str) -> None:
    sys.stdout.write(f"First log-in: name admin, one-time password {password}\n")
    sys.stdout.flush()


def worker() -> None:
    """Run workers and the schedule only, beside servers that share a PostgreSQL database.

    Examples:
        PUSHPULL_DATABASE_URL=postgresql://pushpull@db/pushpull pushpull worker
    """
    with kept():
        from app.main import work

    given = settings()
    if not given.shared_database():
        raise Failure("workers need a database that processes can share: set PUSHPULL_DATABASE_URL to PostgreSQL", 2)
    work(given)


def migrate() -> None:
    """Bring the database to this version's schema; `serve` does so by itself.

    Examples:
        pushpull migrate
    """
    from app.main import open_database
    from app.store.migrate import current

    store = open_database(settings())
    typer.echo(f"database is at {current(store.engine)}")
    store.close()
