"""`pushpull credential …`: secrets of the server, which go in and never come out."""

from __future__ import annotations

import sys
from getpass import getpass
from pathlib import Path
from typing import Annotated

import typer

from app.cli import output
from app.cli.connection.connecting import connected
from app.cli.environment_commands import AsJson
from app.cli.surface.help_text import CommandGroup
from app.client import Failure

SECRETS = {"token": "token", "ssh-key": "private_key", "password": "password", "kubeconfig": "kubeconfig"}
LINES = ("ssh-key", "kubeconfig")  # whose secret is a file of several lines, and its last line end counts
group = CommandGroup(help="Stored secrets to reach repositories and targets: list, add, replace, remove.")
CredentialName = Annotated[str, typer.Argument(metavar="NAME", help="Name that environments refer to.")]
SecretFile = Annotated[str, typer.Option("--file", "-f", help="File with the secret; default is standard input.")]
Username = Annotated[str, typer.Option(help="User name, where one is needed.")]
KnownHosts = Annotated[Path | None, typer.Option(help="File with host keys to accept, for ssh-key.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(group, name="credential")


@group.command("list")
def list_(as_json: AsJson = False) -> None:
    """List credentials, without their secrets.

    Examples:
        pushpull credential list
    """
    items = list(connected().pages("/credentials"))
    if as_json:
        output.as_json({"items": items, "next": None})
        return
    rows = [[one["name"], one["kind"], output.ago(one["created_at"]), output.ago(one["used_at"])] for one in items]
    output.table(("NAME", "KIND", "STORED", "USED"), rows)


@group.command("add")
def add(
    name: CredentialName,
    kind: Annotated[str, typer.Option(help=f"{', '.join(SECRETS)}.")],
    file: SecretFile = "-",
    username: Username = "",
    known_hosts: KnownHosts = None,
    as_json: AsJson = False,
) -> None:
    """Store a secret, encrypted. It is read from a file, from standard input, or asked for.

    Examples:
        pushpull credential add git-read --kind token --file token.txt
        pushpull credential add web-ssh --kind ssh-key --file ~/.ssh/deploy --known-hosts known_hosts
        pass show git | pushpull credential add git-login --kind password --username deploy
    """
    if kind not in SECRETS:
        raise Failure(f"--kind is '{kind}'; it must be one of {', '.join(SECRETS)}", 2)
    body = {"name": name, "kind": kind, **_fields(kind, file, username, known_hosts)}
    made = connected().call("POST", "/credentials", body)
    output.as_json(made) if as_json else output.say(f"stored {name} ({kind})")


def _fields(kind: str, file: str, username: str, known_hosts: Path | None) -> dict[str, str]:
    secret = _secret(kind, file)
    fields = {SECRETS[kind]: secret if kind in LINES else secret.strip()}
    fields |= {"username": username} if username else {}
    return fields | ({"known_hosts": _read(str(known_hosts), "--known-hosts")} if known_hosts else {})


def _secret(kind: str, file: str) -> str:
    if file != "-":
        return _read(file, "--file")
    if sys.stdin is None:
        raise Failure("standard input is closed; give --file", 2)
    if sys.stdin.isatty() and kind not in LINES:
        return getpass(f"Secret ({kind}): ")
    try:
        return sys.stdin.read()
    except UnicodeError:
        raise Failure("standard input: is no text", 2) from None


def _read(path: str, option: str) -> str:
    try:
        return Path(path).expanduser().read_text("utf-8")
    except OSError as error:
        raise Failure(f"{option} {path}: {error.strerror}", 2) from None
    except UnicodeError:
        raise Failure(f"{option} {path}: is no text", 2) from None


@group.command("replace")
def replace(
    name: CredentialName,
    file: SecretFile = "-",
    username: Username = "",
    known_hosts: KnownHosts = None,
    as_json: AsJson = False,
) -> None:
    """Put a new secret in the place of an old one, such as a token that expires; environments stay as they are.

    Examples:
        pushpull credential replace git-read --file new-token.txt
    """
    client = connected()
    kind = client.call("GET", f"/credentials/{name}")["kind"]
    if kind not in SECRETS:
        raise Failure(f"'{name}' is a {kind}, which has a place of its own", 2)
    made = client.call("PUT", f"/credentials/{name}", _fields(kind, file, username, known_hosts))
    output.as_json(made) if as_json else output.say(f"replaced the secret of {name} ({kind})")


@group.command("remove")
def remove(name: CredentialName, as_json: AsJson = False) -> None:
    """Forget a credential that no environment uses.

    Examples:
        pushpull credential remove git-read
    """
    connected().call("DELETE", f"/credentials/{name}")
    output.as_json({"removed": name}) if as_json else output.say(f"removed {name}")
