"""`pushpull audit …`: export, and the verifier that needs neither server nor database."""

from __future__ import annotations

import json
import os
import pwd
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli import output as show
from app.cli.connection.connecting import connected
from app.cli.environment_commands import AsJson
from app.cli.server_commands import settings
from app.cli.surface.help_text import ClientCommand, CommandGroup, HelpfulCommand
from app.client import Failure

if TYPE_CHECKING:
    from app.services.security.audit_log import AuditLog

SEALED = ("hash", "public_key", "signature")
group = CommandGroup(of=HelpfulCommand, help="Export and verify the audit log.")


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(group, name="audit")


@group.command("verify")
def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="An export, JSONL or CSV.")],
    head: Annotated[str | None, typer.Option(help="Hash that the last entry must have; finds a cut-off end.")] = None,
    filtered: Annotated[bool, typer.Option("--filtered", help="The export was filtered: gaps are expected.")] = False,
    key: Annotated[
        str | None, typer.Option(help="Fingerprint of the key that has to have sealed it: reads FILE.seal.json.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Verify an exported audit log offline; exit 0 only where it is intact.

    Examples:
        pushpull audit verify audit.jsonl
    """
    from app.services.security.audit_file import verify_file

    seal = _sealed_by(key, _seal_of(file)) if key else None
    result = verify_file(file, head=head, filtered=filtered, seal=seal)
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


def _seal_of(file: Path) -> Path:
    return file.with_name(f"{file.name}.seal.json")


def _sealed_by(key: str, path: Path) -> tuple[int, str]:
    """Number and hash of the entry that the key signed. Raises Failure where it did not."""
    from app.crypto import signed
    from app.services.security.audit_log import fingerprint, sealed

    try:
        said = json.loads(path.read_text("utf-8"))
        seq, hash, public_key, signature = int(said["seq"]), *(str(said[one]) for one in SEALED)
    except OSError as problem:
        how = "'pushpull audit export -o FILE' writes it, and GET /api/v1/audit/seal is it"
        raise Failure(f"{path} cannot be read ({problem.strerror}); {how}") from None
    except (ValueError, KeyError, TypeError):
        raise Failure(f"{path} is no seal of an audit log") from None
    if fingerprint(public_key) != key.strip().lower():
        raise Failure(f"NOT intact: it is sealed with another key, {fingerprint(public_key)}")
    if not signed(public_key, sealed(seq, hash), signature):
        raise Failure("NOT intact: the seal was forged, its signature does not match")
    return seq, hash


@group.command("head")
def head_kept(as_json: AsJson = False) -> None:
    """Show, on the server's machine, the signing key's fingerprint and the head that is kept outside the database.

    Examples:
        pushpull audit head
    """
    with local_log() as log:
        last = log.last_kept()
        answer = {"key": log.fingerprint, "seq": last.seq if last else None, "head": last.hash if last else None}
    if as_json:
        show.as_json(answer)
    else:
        typer.echo(f"key {answer['key']}\nhead {answer['head'] or 'none yet'} (entry {answer['seq'] or 0})")


@group.command("accept-head")
def accept_head(
    reason: Annotated[str, typer.Option(help="Why the stored log is the right one; it is audited.")],
) -> None:
    """Take the stored log as it is, on the server's machine: after a restored backup, or with a new signing key.

    Examples:
        pushpull audit accept-head --reason "restored the backup of Monday"
    """
    from app.domain.actor import Actor, ActorKind
    from app.domain.errors import Problem

    with local_log() as log:
        try:
            made = log.accept(reason, Actor(ActorKind.LOCAL, pwd.getpwuid(os.getuid()).pw_name))
        except Problem as problem:
            raise Failure(problem.detail) from None
    typer.echo(f"accepted: the log ends with entry {made.seq}, head {made.hash}")


@contextmanager
def local_log() -> Iterator[AuditLog]:
    """The audit log of the installation on this machine."""
    from app.crypto import Signer
    from app.main import open_database, wire_ports
    from app.notifications import InProcessNotifier
    from app.services.security.audit_log import AuditLog
    from app.store import AnchorFile, HeadFile

    given = settings()
    store, folder = open_database(given), given.folder()
    try:
        ports = wire_ports(given, store, InProcessNotifier())
        signer = Signer(folder / "signing.key", folder / "secret.key")
        yield AuditLog(ports, signer, HeadFile(folder), AnchorFile.at(given.anchor()))
    finally:
        store.close()


@group.command("export", cls=ClientCommand)
def export(
    format: Annotated[str, typer.Option(help="jsonl or csv.")] = "jsonl",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File; default is standard output.")] = None,
) -> None:
    """Export the whole audit log; beside a file, FILE.seal.json is its end, signed.

    Examples:
        pushpull audit export -o audit.jsonl
        pushpull audit export --format csv > audit.csv
    """
    chunks = connected().stream("/audit/export", format=format)
    if output is None:
        for chunk in chunks:
            sys.stdout.buffer.write(chunk)
        return
    try:
        seal = json.dumps(connected().call("GET", "/audit/seal"), indent=1)
        _seal_of(output).write_text(f"{seal}\n", "utf-8")
    except Failure as problem:  # the log of an installation that was tampered with is wanted all the same
        show.say(f"exported without a seal: {problem}", err=True)
    with output.open("wb") as file:
        for chunk in chunks:
            file.write(chunk)
