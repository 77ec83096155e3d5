"""What an LFS server says of objects, checked: which addresses may be asked for them, and with which headers."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, urlsplit

from app.sources.lfs.lfs_failures import refused, unreachable
from app.sources.remote.address import Address

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_|~-]{1,100}\Z")
_VALUE = re.compile(r"[\x20-\x7e]{0,8192}\Z")
_OURS = {
    "host", "connection", "content-length", "transfer-encoding", "te", "upgrade", "proxy-authorization", "expect",
    "accept-encoding", "range",
}  # fmt: skip
_MOST_HEADERS, _LONGEST = 30, 8192
_PORTS = {"http": 80, "https": 443}
_URL = re.compile(r"https?://[\x21-\x7e]+\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Download:
    """One object to fetch. `path`: where it goes, for messages; `own`: `href` lies on the repository's own server."""

    oid: str
    size: int
    path: str
    href: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    own: bool


def downloads(said: Any, sizes: Mapping[str, int], paths: Mapping[str, str], address: Address) -> Iterator[Download]:
    """What to fetch, from the answer to a batch request for `sizes`. Raises SourceRefused, SourceUnreachable before
    anything is fetched where the answer is not complete."""
    listed = said.get("objects") if isinstance(said, Mapping) else None
    if not isinstance(listed, list):
        raise unreachable("The LFS server's answer does not list objects.")
    if said.get("transfer", "basic") != "basic" or said.get("hash_algo", "sha256") != "sha256":
        raise refused("The LFS server wants another way of transfer than the basic one.")
    found = {str(one.get("oid")): one for one in listed if isinstance(one, Mapping)}
    made = [_download(oid, found.get(oid), size, paths[oid], address) for oid, size in sizes.items()]
    return iter(made)


def _download(oid: str, said: Any, size: int, path: str, address: Address) -> Download:
    if said is None:
        raise unreachable(f"The LFS server's answer leaves out '{path}'.")
    error = said.get("error")
    if isinstance(error, Mapping):
        code = error.get("code")
        why = (
            "does not have it"
            if code in (404, 410)
            else f"tells of an error ({code if isinstance(code, int) else '?'})"
        )
        raise refused(f"'{path}' lies in Git LFS, and the LFS server {why}.")
    if said.get("size") != size:
        raise refused(f"The LFS server knows '{path}' in another size than Git.")
    actions = said.get("actions")
    action = actions.get("download") if isinstance(actions, Mapping) else None
    if not isinstance(action, Mapping):
        raise refused(f"'{path}' lies in Git LFS, and the LFS server does not have it.")
    href, own = _address(action.get("href"), path, address)
    return Download(oid, size, path, href, _headers(action.get("header"), path), own)


def _address(href: Any, path: str, address: Address) -> tuple[str, bool]:
    """The address, if it may be asked, and whether it is on the repository's own server."""
    if not isinstance(href, str) or len(href) > _LONGEST or not _URL.match(href):
        raise refused(f"The LFS server names no address for '{path}'.")
    try:
        parts = urlsplit(href)
        place = _server(parts)
    except ValueError:
        raise refused(f"The LFS server names no address for '{path}'.") from None
    if "@" in parts.netloc or not parts.hostname:
        raise refused(f"The LFS server names an address with a log-in for '{path}'.")
    if address.scheme == "https" and parts.scheme.lower() != "https":
        raise refused(f"The LFS server sends to an address without encryption for '{path}'.")
    own = place == _server(urlsplit(address.url))
    if not own:
        _expect_outside(parts.hostname, path)
    return href, own


def _server(parts: SplitResult) -> tuple[str, str | None, int | None]:
    scheme = parts.scheme.lower()
    return scheme, parts.hostname, parts.port or _PORTS.get(scheme)


def _expect_outside(host: str, path: str) -> None:
    """Raise SourceRefused for an address of this machine or of its own network segment: another server than the
    repository's has no business there."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return  # whoever asks it will be told, or a proxy knows it
    for one in found:
        number = ipaddress.ip_address(str(one[4][0]).partition("%")[0])
        number = getattr(number, "ipv4_mapped", None) or number
        if number.is_loopback or number.is_link_local or number.is_multicast or number.is_unspecified:
            raise refused(f"The LFS server sends to an address that is not asked from here for '{path}'.")


def _headers(said: Any, path: str) -> dict[str, str]:
    if said is None:
        return {}
    fine = isinstance(said, Mapping) and len(said) <= _MOST_HEADERS and all(
        isinstance(name, str) and isinstance(value, str) and _NAME.match(name) and _VALUE.match(value)
        for name, value in said.items()
    )  # fmt: skip
    if not fine:
        raise refused(f"The LFS server wants headers that cannot be sent for '{path}'.")
    return {name: value for name, value in said.items() if name.lower() not in _OURS}
