"""`pushpull login | logout | profile …`: servers, and the tokens to ask them with."""

from __future__ import annotations

import os
import sys
from getpass import getpass
from typing import Annotated

import typer

from app.cli import output
from app.cli.connection.connecting import checked_token, checked_url, chosen, read_token
from app.cli.connection.profiles import DEFAULT, Profile, ProfileFile
from app.cli.environment_commands import AsJson
from app.cli.surface.help_text import ClientCommand, CommandGroup, HelpfulCommand
from app.client import Client, Failure
from app.domain.agents.enrollment_commands import unencrypted

group = CommandGroup(of=HelpfulCommand, help="Servers that you have logged in to.")
ProfileArgument = Annotated[str, typer.Argument(metavar="PROFILE", help="Name of the profile.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("login", cls=ClientCommand)(login)
    app.command("logout", cls=ClientCommand)(logout)
    app.add_typer(group, name="profile")


def login(
    url: Annotated[str, typer.Argument(metavar="[URL]", help="Address of the server.")] = "", as_json: AsJson = False
) -> None:
    """Log in to a server with an API token, which is asked for, and use it from now on.

    The token is read from the terminal, from standard input, from --token-file or from PUSHPULL_TOKEN. It is kept in a
    file that only you can read, under the name of --profile ("default" where none is named).

    Examples:
        pushpull login https://pushpull.example.org
        pushpull login https://pushpull.example.org --profile prod --token-file token.txt
    """
    where, name = checked_url(url or chosen("url") or os.environ.get("PUSHPULL_URL", "")), chosen("profile") or DEFAULT
    if unencrypted(where):
        output.say(f"pushpull: the token is sent to {where} unencrypted", err=True)
    token = _token(where)
    Client(where, token).call("GET", "/environments", limit=1)
    ProfileFile().put(name, Profile(where, token))
    kept = ProfileFile().path
    if as_json:
        output.as_json({"profile": name, "url": where, "file": str(kept)})
        return
    output.say(f"logged in to {where} as profile {name}, kept in {kept}")
    if os.environ.get("PUSHPULL_URL") or os.environ.get("PUSHPULL_TOKEN"):
        output.say("pushpull: PUSHPULL_URL and PUSHPULL_TOKEN are used before any profile", err=True)


def _token(where: str) -> str:
    path = chosen("token_file")
    if path:
        return read_token(path)
    if os.environ.get("PUSHPULL_TOKEN"):
        return checked_token(os.environ["PUSHPULL_TOKEN"], "PUSHPULL_TOKEN")
    if not sys.stdin or not sys.stdin.isatty():
        return read_token("-") if sys.stdin else ""
    return checked_token(getpass(f"API token for {where} (Settings, API tokens): "), "the token")


def logout(as_json: AsJson = False) -> None:
    """Forget the profile in use, or that of --profile, and its token. The token itself stays good.

    Examples:
        pushpull logout
        pushpull logout --profile prod
    """
    file = ProfileFile()
    name = chosen("profile") or file.current
    if not name:
        raise Failure("no profile is in use; name one: --profile")
    _forget(file, name, as_json)


def _forget(file: ProfileFile, name: str, as_json: bool) -> None:
    file.remove(name)
    output.as_json({"removed": name}) if as_json else output.say(f"forgot profile {name}; `token revoke` ends a token")


@group.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the servers that you have logged in to.

    Examples:
        pushpull profile list
    """
    file = ProfileFile()
    items = [{"name": name, "url": one.url, "current": name == file.current} for name, one in file.profiles.items()]
    if as_json:
        output.as_json({"items": items, "next": None})
        return
    rows = [[str(one["name"]), str(one["url"]), "in use" if one["current"] else ""] for one in items]
    output.table(("PROFILE", "SERVER", ""), rows)


@group.command("use")
def use(name: ProfileArgument, as_json: AsJson = False) -> None:
    """Ask the server of a profile from now on.

    Examples:
        pushpull profile use prod
    """
    file = ProfileFile()
    file.use(name)
    shown = {"profile": name, "url": file.get(name).url}
    output.as_json(shown) if as_json else output.say(f"asks {shown['url']} from now on")


@group.command("rm")
def rm(name: ProfileArgument, as_json: AsJson = False) -> None:
    """Forget a profile and its token.

    Examples:
        pushpull profile rm prod
    """
    _forget(ProfileFile(), name, as_json)
