"""Targets on one line, as people write them: a plain path, or scheme://user@host:port/path."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlsplit

SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


@dataclass(frozen=True, slots=True)
class AddressForm:
    """How a kind's address is written. `host`, `port`, `user` and `path` are the fields that these parts of an address
    fill ("": that part means nothing). Without a scheme the whole text is `path`; with one, a path begins with "/".
    `usual_port` is left out. `hostname`: the host is a machine's name, which is read in small letters; any other host
    is read as it is written. Whatever would be taken for another part is written with percent signs.

    `noun` and `example` say what to write ("a directory", "/srv/shop"); `short` is the example in a sentence."""

    noun: str
    example: str
    short: str
    scheme: str = ""
    host: str = ""
    port: str = ""
    user: str = ""
    path: str = ""
    usual_port: int | None = None
    hostname: bool = False

    def write(self, options: Mapping[str, Any]) -> str:
        """A target's options on one line; "" where the address names no field that is given."""
        path = str(options.get(self.path) or "")
        if not self.scheme:
            return path
        user, port = options.get(self.user), options.get(self.port)
        login = f"{quote(str(user), safe='')}@" if user else ""
        door = f":{port}" if port not in (None, self.usual_port) else ""
        return f"{self.scheme}://{login}{_host(str(options.get(self.host) or ''))}{door}{_path(path)}"

    def read(self, text: str) -> dict[str, Any] | None:
        """The options in an address of this form, without what it leaves out; None where it is no such address."""
        if not self.scheme:
            return {self.path: text} if SCHEME.match(text) is None else None
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError:
            return None
        host = _named(parts.netloc)
        if parts.scheme != self.scheme or parts.password is not None or parts.query or parts.fragment:
            return None
        found = (
            (self.host, host.lower() if self.hostname else host),
            (self.port, port),
            (self.user, unquote(parts.username or "")),
            (self.path, unquote(parts.path)),
        )
        given = {name: value for name, value in found if value not in (None, "")}
        return None if "" in given or (self.host and not host) else given


def _host(name: str) -> str:
    """A host as it stands in an address: IPv6 in brackets, and what would end any other name is quoted."""
    return f"[{name}]" if _is_ipv6(name) else quote(name, safe="")


def _is_ipv6(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).version == 6 and "%" not in name
    except ValueError:
        return False


def _named(netloc: str) -> str:
    """The host of an address, in the letters that were written."""
    place = netloc.rpartition("@")[2]
    return place[1:].partition("]")[0] if place.startswith("[") else unquote(place.partition(":")[0])


def _path(path: str) -> str:
    """A path as it stands in an address, readable: only what would end it or get lost is quoted."""
    return "".join(one if one.isprintable() and one not in " %?#" else quote(one, safe="") for one in path)
