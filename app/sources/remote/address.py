"""Repository addresses: which are allowed, and which name the same repository. Nothing here asks the network."""

from __future__ import annotations

import hashlib
import ipaddress
import os
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

from app.domain.errors import SourceRefused

FIELD = "source.repo_url"
_PORTS = {"http": "80", "https": "443", "ssh": "22", "git": "9418"}
_HOST = r"(?P<host>[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_.])?|\[[0-9A-Fa-f:.]+\])"
_USER = r"(?:(?P<user>[A-Za-z0-9_.+~%][A-Za-z0-9_.+~%-]*)@)?"
_URL = re.compile(rf"(?P<scheme>[a-z]+)://{_USER}{_HOST}(?::(?P<port>[0-9]{{1,5}}))?(?P<path>/.*)\Z")
_SCP = re.compile(rf"{_USER}{_HOST}:(?P<path>.+)\Z")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(//|:)")
_PASSWORD = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/]*:[^/]*@")
_TOKEN = re.compile(r"(gh[a-z]_|github_pat_|glpat-|[A-Za-z0-9_.-]{32,}\Z)")
_NOT_HOSTS = {*_PORTS, "file", "ftp", "ftps", "ext", "fd", "data", "javascript", "vbscript", "mailto", "about", "blob"}
_LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Address:
    """A repository address that may be used. `url` never holds a secret.

    `scheme` is https, http, ssh, git or file (then `url` is a resolved local path); `user` the log-in name written
    in an https address, if any.
    """

    url: str
    scheme: str
    host: str = ""
    user: str = ""

    @property
    def key(self) -> str:
        """Name of the repository's mirror: the same for all spellings of an address."""
        return hashlib.sha256(f"{self.scheme} {self.url}".encode("utf-8", "surrogateescape")).hexdigest()[:32]

    @property
    def spoken(self) -> str:
        """The address as a git command takes it: a plain path could not be fetched from in part."""
        return f"file://{quote(os.fsencode(self.url))}" if self.local else self.url

    @property
    def server(self) -> str:
        """Scheme, log-in name, host and port; "" where the repository lies on this machine."""
        if self.local:
            return ""
        return "/".join(self.url.split("/")[:3]) if "://" in self.url else f"ssh://{self.url.partition(':')[0]}"

    @property
    def local(self) -> bool:
        """Whether the repository lies on this machine."""
        return self.scheme == "file"


def refused(detail: str, mend: str) -> SourceRefused:
    """An address that is not allowed, with what to write instead. The address itself is not repeated: it may hold
    a password."""
    return SourceRefused(f"{detail} {mend}", fields={FIELD: mend})


def parse(text: str, roots: Sequence[Path]) -> Address:
    """The address in its one spelling. Raises SourceRefused with a field and a mend."""
    if not text.strip():
        raise refused("The repository's address is empty.", "Write an https, ssh or local address.")
    if len(text) > _LONGEST or any(ord(c) < 33 or ord(c) == 127 for c in text.replace(" ", "")) or text != text.strip():
        raise refused("The address holds characters that do not belong there.", "Copy it again, without line ends.")
    if text.startswith("-"):
        raise refused("The address looks like a command line option.", "An address does not start with '-'.")
    if text.startswith("/") or text.lower().startswith("file://"):
        return _local(text, roots)
    if _PASSWORD.match(text):
        raise refused("The address holds a password.", "Store it as a credential and write the address without it.")
    return _remote(text)


def _remote(text: str) -> Address:
    scheme = _SCHEME.match(text)
    if scheme is None:
        return _scp(text)
    name = scheme[1].lower()
    if name not in _PORTS or scheme[2] != "//":
        raise refused(f"Addresses of the kind '{name}:' are not allowed.", "Use https, ssh, git or a local path.")
    match = _URL.match(name + text[len(name) :])
    if match is None or " " in text:
        raise refused("This is not a repository address.", "Write it like https://host/team/repository.git.")
    return _from_parts(name, match)


def _from_parts(scheme: str, match: re.Match[str]) -> Address:
    host, path, user = _host(match["host"]), match["path"].rstrip("/"), match["user"] or ""
    port = f":{int(match['port'])}" if match["port"] and match["port"] != _PORTS[scheme] else ""
    if port and not 0 < int(port[1:]) < 65536:
        raise refused("The address has an impossible port.", "Ports go from 1 to 65535.")
    if scheme in ("http", "https") and re.search(r"[?#]", path):
        raise refused("The address has a query or a fragment.", "Leave out everything from '?' or '#' on.")
    if not path:
        raise refused("The address names a server, not a repository.", "Add the repository's path.")
    _check_path(path, path[1:])
    if "%" in user and scheme == "ssh":
        raise refused("The log-in name holds a '%'.", "Write the name as it is on the server.")
    if scheme == "ssh":
        return Address(f"ssh://{user + '@' if user else ''}{host}{port}{path}", scheme, host, user)
    if _TOKEN.match(user) or (user and scheme == "git"):
        raise refused("The address holds a token.", "Store it as a credential and write the address without it.")
    return Address(f"{scheme}://{host}{port}{path}", scheme, host, user)


def _scp(text: str) -> Address:
    match = _SCP.match(text)
    if match is None or (not match["user"] and match["host"].lower() in _NOT_HOSTS):
        mend = "Write https://host/path, ssh://user@host/path, user@host:path or an absolute path."
        raise refused("This is not a repository address.", mend)
    path, host, user = match["path"].rstrip("/"), _host(match["host"]), match["user"] or ""
    if "%" in user:
        raise refused("The log-in name holds a '%'.", "Write the name as it is on the server.")
    _check_path(path, path)
    return Address(f"{user + '@' if user else ''}{host}:{path}", "ssh", host, user)


def _check_path(path: str, first: str) -> None:
    if not first or first.startswith("-"):
        raise refused("The repository's path looks like a command line option.", "A path does not start with '-'.")
    if re.search(r"%(?:[01]|7f)", path, re.IGNORECASE):
        raise refused("The repository's path holds an encoded control character.", "Write the path without it.")
    if ".." in path.split("/"):
        raise refused("The repository's path holds '..'.", "Write the path without it.")


def _host(host: str) -> str:
    """The host in lower case. Link-local addresses are refused: clouds keep their machines' secrets there."""
    bare = host.strip("[]")
    try:
        number: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(bare)
    except ValueError:
        try:
            number = ipaddress.IPv4Address(socket.inet_aton(bare))
        except OSError:
            return host.lower()
    mapped = getattr(number, "ipv4_mapped", None) or number
    if mapped.is_link_local or mapped.is_multicast or mapped.is_unspecified:
        raise refused("Link-local addresses are not allowed.", "Name the Git server by its own address.")
    return host.lower()


def check_reach(address: Address) -> None:
    """Raise SourceRefused where the host's name leads to a link-local address by now."""
    try:
        found = socket.getaddrinfo(address.host.strip("[]"), None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return  # git says it in its own words; with a proxy it is not even asked
    for one in found:
        _host(str(one[4][0]).partition("%")[0])


def _local(text: str, roots: Sequence[Path]) -> Address:
    path = text
    if not text.startswith("/"):
        path = unquote(text[len("file://") :], errors="surrogateescape")
        path = path.removeprefix("localhost")
    if not path.startswith("/") or "\0" in path or "\n" in path:
        raise refused("This is not a local repository.", "Write an absolute path, or file:// and an absolute path.")
    real = os.path.realpath(path)
    if not inside(real, roots):
        mend = "Local repositories lie below the directories that PUSHPULL_SOURCE_ROOTS lists; add one there."
        raise refused("This directory is not open for repositories.", mend)
    return Address(real, "file")


def inside(real: str, roots: Sequence[Path]) -> bool:
    """Whether a resolved path is one of the roots or lies below one."""
    resolved = (os.path.realpath(root).rstrip("/") for root in roots)
    return any(real == root or real.startswith(f"{root}/") for root in resolved)
