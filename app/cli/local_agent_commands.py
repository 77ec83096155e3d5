"""`pushpull agent …`: an agent on this machine. It needs no server here, and what it needs is imported when it runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from getpass import getpass
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli import output
from app.cli.connection.connecting import read_token
from app.cli.environment_commands import AsJson, Name
from app.cli.surface.help_text import CommandGroup, HelpfulCommand
from app.client import Failure

KINDS = {"token": "token", "ssh-key": "private_key", "password": "password"}
Folder = Annotated[Path, typer.Option("--data-dir", envvar="PUSHPULL_DATA_DIR", help="Folder of the agent.")]
HERE = Path("/var/lib/pushpull-agent")

group = CommandGroup(of=HelpfulCommand, help="Run an agent on this machine; list, enroll and revoke agents.")
keys = CommandGroup(of=HelpfulCommand, help="Git credentials that only this agent holds.")
group.add_typer(keys, name="credential")


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(group, name="agent")


@contextmanager
def told() -> Iterator[None]:
    """Problems in words."""
    from app.domain.errors import Problem

    try:
        yield
    except Problem as problem:
        raise Failure(problem.detail) from None
    except ValueError as error:
        raise Failure(f"a PUSHPULL_ variable cannot be read: {error}", 2) from None
    except OSError as error:
        raise Failure(f"{error.filename or 'the data directory'}: {error.strerror or error}") from None


@group.command("enroll")
def enroll(
    server: Annotated[str, typer.Option(envvar="PUSHPULL_URL", help="Address of the control plane.")],
    token: Annotated[
        str, typer.Option(envvar="PUSHPULL_ENROLLMENT_TOKEN", help="One-time token; better not on a command line.")
    ] = "",
    token_file: Annotated[str, typer.Option(help="File with the one-time token; '-' is standard input.")] = "",
    data_dir: Folder = HERE,
    name: Annotated[str, typer.Option(help="Name to show; default is this machine's.")] = "",
    ca_file: Annotated[str, typer.Option(help="Certificates to trust; default is the system's.")] = "",
    allow_http: Annotated[bool, typer.Option("--allow-http", help="Speak unencrypted with another machine.")] = False,
    as_json: AsJson = False,
) -> None:
    """Turn a one-time token into an agent. The token is asked for, or read from standard input or --token-file.

    Examples:
        pushpull agent enroll --server https://pushpull.example.org
        pushpull agent enroll --server https://pushpull.example.org --token-file token.txt
    """
    with told():
        from app.agent import local_commands

        token = token or _one_time_token(token_file)
        made = local_commands.enroll(server, token, data_dir, name, ca_file, plain=allow_http)
    if as_json:
        output.as_json(made)
        return
    served = ", ".join(_named(one) for one in made.get("environments") or ()) or "nothing yet"
    typer.echo(f"enrolled as {made['id']} for {served}; now run: pushpull agent run --data-dir {data_dir}")


def _one_time_token(file: str) -> str:
    if not file and sys.stdin and sys.stdin.isatty():
        return getpass("One-time token: ").strip()
    return read_token(file or "-") if sys.stdin else ""


def _named(one: Any) -> str:
    return str(one.get("name", one)) if isinstance(one, dict) else str(one)


@group.command("run")
def run(data_dir: Folder = HERE) -> None:
    """Work until stopped. This process becomes the agent's own, which is small.

    Examples:
        pushpull agent run --data-dir /var/lib/pushpull-agent
        PUSHPULL_TARGET_ROOTS=/srv/shop pushpull agent run
    """
    with told():
        from app.agent.agent_launch import command

        argv, variables = command(data_dir.expanduser().resolve(), os.environ)
    sys.stdout.flush()
    os.execve(argv[0], argv, variables)  # noqa: S606  our own interpreter, no shell


@group.command("status")
def status(data_dir: Folder = HERE, as_json: AsJson = False) -> None:
    """Show what the agent serves, what waits to be told, and when it heard of the control plane last.

    Examples:
        pushpull agent status --data-dir /var/lib/pushpull-agent
    """
    with told():
        from app.agent import local_commands

        found = local_commands.status(data_dir)
    if as_json:
        output.as_json(found)
        return
    running = "running" if found["running"] else "not running"
    typer.echo(f"{found['name']} ({found['id']}), {running}")
    reason = f": {found['reason']}" if found["reason"] else ""
    typer.echo(f"control plane  {found['server']}, {found['standing']}{reason}, heard {output.ago(found['heard_at'])}")
    spool = found["spool"]
    waits = f", the oldest since {output.ago(spool['oldest'])}" if spool["oldest"] else ""
    typer.echo(f"spool          {spool['reports']:,} reports wait{waits}; the store has {spool['bytes']:,} bytes")
    rows = [
        [output.escape(one["name"]), output.toned(one["sync"]), output.toned(one["health"]),
         output.short(one["revision"]), output.escape(one["subject"][:50]),
         output.ago(one["checked_at"]), "held" if one["held_by"] else ""]
        for one in found["environments"]
    ]  # fmt: skip
    output.table(("ENVIRONMENT", "SYNC", "HEALTH", "LIVE", "SUBJECT", "CHECKED", ""), rows)


@group.command("rollback")
def rollback(
    name: Name,
    revision: Annotated[
        str | None, typer.Argument(metavar="[REVISION]", help="A revision of the agent's history.")
    ] = None,
    last_good: Annotated[bool, typer.Option("--last-good", help="The last revision that was live and well.")] = False,
    reason: Annotated[str, typer.Option("--reason", "-m", help="Why; kept in the ledger.")] = "",
    timeout: Annotated[float, typer.Option(help="Seconds to wait at most.")] = 600,
    override_hold: Annotated[bool, typer.Option("--override-hold", help="Also under a hold.")] = False,
    data_dir: Folder = HERE,
) -> None:
    """Go back and stay there, with the control plane or without it; exit 0 only where it is live and healthy.

    Examples:
        pushpull agent rollback shop --last-good -m "checkout is broken"
    """
    if bool(revision) == last_good:
        raise Failure("give either a REVISION or --last-good", 2)
    with told():
        from app.agent import local_commands
        from app.services.environments.rollback import RollbackWish

        wish = RollbackWish(revision, reason=reason or "rolled back on the agent", override_hold=override_hold)
        ended = local_commands.roll_back(data_dir, name, wish, timeout)
    outcome = ended.outcome.value if ended.outcome else ""
    typer.echo(f"{ended.phase.value}  {outcome}  {output.short(ended.revision)}  {ended.reason}")
    if ended.phase.value != "succeeded":
        raise typer.Exit(1)


@keys.command("add")
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name that environments refer to.")],
    kind: Annotated[str, typer.Option(help="token, ssh-key or password.")],
    file: Annotated[str, typer.Option("--file", "-f", help="File that holds the secret; '-' is standard input.")] = "-",
    username: Annotated[str, typer.Option(help="User name, where one is needed.")] = "",
    known_hosts: Annotated[Path | None, typer.Option(help="Host keys to accept, for ssh-key.")] = None,
    data_dir: Folder = HERE,
) -> None:
    """Store a Git credential, encrypted, on this machine only: the control plane never sees it.

    Examples:
        pushpull agent credential add git-read --kind token --file token.txt
    """
    if kind not in KINDS:
        raise Failure(f"--kind must be one of {', '.join(KINDS)}", 2)
    with told():
        from app.agent import local_commands

        secret = sys.stdin.read() if file == "-" else Path(file).read_text("utf-8")
        fields = {KINDS[kind]: secret if kind == "ssh-key" else secret.strip()}
        fields |= {"username": username} if username else {}
        fields |= {"known_hosts": known_hosts.read_text("utf-8")} if known_hosts else {}
        local_commands.add_credential(data_dir, name, kind, fields)
    typer.echo(f"stored {name} ({kind})")


@keys.command("list")
def list_(data_dir: Folder = HERE, as_json: AsJson = False) -> None:
    """List credentials, without their secrets.

    Examples:
        pushpull agent credential list
    """
    with told():
        from app.agent import local_commands

        found = local_commands.credentials(data_dir)
    if as_json:
        output.as_json({"items": found, "next": None})
        return
    output.table(("NAME", "KIND", "USED"), [[one["name"], one["kind"], output.ago(one["used_at"])] for one in found])


@keys.command("rm")
def remove(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the credential.")], data_dir: Folder = HERE
) -> None:
    """Forget a credential.

    Examples:
        pushpull agent credential rm git-read
    """
    with told():
        from app.agent import local_commands

        local_commands.remove_credential(data_dir, name)
    typer.echo(f"removed {name}")
