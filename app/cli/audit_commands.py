"""`pushpull audit …`: export, and the verifier that needs neither server nor database."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from app.cli import output as show
from app.cli.environment_commands import AsJson
from app.client import Client

group = typer.Typer(no_args_is_help=True, help="Export and verify the audit log.")


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(group, name="audit")


@group.command("verify")
def verify(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="An export, JSONL or CSV.")],
    head: Annotated[str | None, typer.Option(help="Hash that the last entry must have; finds a cut-off end.")] = None,
    filtered: Annotated[bool, typer.Option("--filtered", help="The export was filtered: gaps are expected.")] = False,
    as_json: AsJson = False,
) -> None:
    """Verify an exported audit log offline; exit 0 only where it is intact."""
    from app.services.security.audit_file import verify_file

    result = verify_file(file, head=head, filtered=filtered)
    answer = {
        "valid": result.valid,
        "entries": result.entries,
        "first_bad": result.first_bad,
        "problem": result.problem,
    }
    if as_json:
        show.as_json(answer)
    elif result.valid:
        each = "each of " if filtered else ""
        typer.echo(f"intact: {each}{result.entries} entries, head {result.head}")
    else:
        show.say(f"NOT intact, first bad entry {result.first_bad}: {result.problem}", err=True)
    if not result.valid:
        raise typer.Exit(1)


@group.command("export")
def export(
    format: Annotated[str, typer.Option(help="jsonl or csv.")] = "jsonl",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File; default is standard output.")] = None,
) -> None:
    """Export the whole audit log."""
    chunks = Client().stream("/audit/export", format=format)
    if output is None:
        for chunk in chunks:
            sys.stdout.buffer.write(chunk)
        return
    with output.open("wb") as file:
        for chunk in chunks:
            file.write(chunk)
