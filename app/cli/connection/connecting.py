"""From options, variables and profiles to a server. A profile's token goes to that profile's server alone."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from app.cli import output
from app.cli.connection.profiles import ProfileFile
from app.client import DEFAULT_URL, Client, Failure

CHOSEN: dict[str, str] = {}  # this process is one command


def _remember(ctx: typer.Context, param: typer.CallbackParam, value: str) -> str:
    if value or ctx.parent is None:
        CHOSEN[str(param.name)] = value
    return value


ProfileName = Annotated[
    str, typer.Option("--profile", envvar="PUSHPULL_PROFILE", callback=_remember, help="Server that was logged in to.")
]
Url = Annotated[str, typer.Option("--url", callback=_remember, help="Address of the server (PUSHPULL_URL).")]
TokenFile = Annotated[
    str, typer.Option("--token-file", callback=_remember, help="File with an API token; '-' is standard input.")
]
HELP = """Which server is asked:
  1. --url
  2. PUSHPULL_URL
  3. the profile: --profile, PUSHPULL_PROFILE, or the one in use (pushpull profile list)
  4. http://127.0.0.1:8000

With which token:
  1. --token-file
  2. PUSHPULL_TOKEN
  3. the profile's, if it is that profile's server

Profiles are made by `pushpull login URL` and kept with their tokens in
$XDG_CONFIG_HOME/pushpull/profiles.json (default ~/.config), which only you can
read. The three options may stand before or after the command."""


def chosen(name: str) -> str:
    """What an option of the connection says; "" where it is not given."""
    return CHOSEN.get(name, "")


def connected() -> Client:
    """The server that is asked. Raises Failure."""
    file, named = ProfileFile(), chosen("profile")
    profile = file.get(named) if named else file.profiles.get(file.current)
    url = chosen("url") or os.environ.get("PUSHPULL_URL") or (profile.url if profile else DEFAULT_URL)
    url = checked_url(url)
    if named and profile and url != profile.url:
        output.say(f"pushpull: asks {url}, not {profile.url} of profile {named}", err=True)
    token = _token() or (profile.token if profile and profile.url == url else "")
    return Client(url, token)


def _token() -> str:
    path = chosen("token_file")
    return read_token(path) if path else checked_token(os.environ.get("PUSHPULL_TOKEN", ""), "PUSHPULL_TOKEN")


def read_token(path: str) -> str:
    """The token in a file; "-" is standard input. Raises Failure."""
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text("utf-8")
    except OSError as error:
        raise Failure(f"--token-file {path}: {error.strerror}", 2) from None
    except UnicodeError:
        raise Failure(f"--token-file {path}: is no text", 2) from None
    if not text.strip():
        raise Failure(f"--token-file {path}: is empty", 2)
    return checked_token(text, f"--token-file {path}")


def checked_token(text: str, where: str) -> str:
    """A token without the line end around it. Raises Failure for what cannot be one."""
    token = text.strip()
    if token and not (token.isascii() and token.isprintable() and " " not in token):
        raise Failure(f"{where}: holds more than a token, or a character that no token has", 2)
    return token


def checked_url(text: str) -> str:
    """A server's address without the slash at its end. Raises Failure."""
    wrong = Failure(f"'{text}' is no address of a server; write it as https://pushpull.example.org", 2)
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1)
    except ValueError:
        raise wrong from None
    if not good or not text.isprintable() or " " in text or parts.query or parts.fragment:
        raise wrong
    return text.rstrip("/")
