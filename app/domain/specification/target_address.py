"""Targets on one line, as people write them: a plain path, or scheme://user@host:port/path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlsplit


@dataclass(frozen=True, slots=True)
class AddressForm:
    """How a kind's address is written. `host`, `port`, `user` and `path` are the fields that these parts of an address
    fill ("": that part means nothing). Without a scheme the whole text is `path`. `usual_port` is left out.

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

    def write(self, options: Mapping[str, Any]) -> str:
        """A target's options on one line; "" where the address names no field that is given."""
        path = str(options.get(self.path) or "")
        if not self.scheme:
            return path
        user, port = options.get(self.user), options.get(self.port)
        login = f"{quote(str(user))}@" if user else ""
        door = f":{port}" if port not in (None, self.usual_port) else ""
        return f"{self.scheme}://{login}{options.get(self.host, '')}{door}{path}"

    def read(self, text: str) -> dict[str, Any] | None:
        """The options in an address of this form, without what it leaves out; None where it is no such address."""
        if not self.scheme:
            return {self.path: text} if "://" not in text else None
        try:
            parts = urlsplit(text)
            found = (
                (self.host, parts.hostname),
                (self.port, parts.port),
                (self.user, parts.username),
                (self.path, unquote(parts.path)),
            )
        except ValueError:
            return None
        if parts.scheme != self.scheme or parts.password is not None or (self.host and not parts.hostname):
            return None
        if any(value for name, value in found if not name):
            return None
        return {name: value for name, value in found if value}
