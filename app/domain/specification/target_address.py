"""Places as people write them on one line: a directory, or ssh://user@host:port/path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from app.domain.environment import TargetSpec
from app.domain.errors import InvalidInput


def place(text: str) -> dict[str, Any]:
    """ "/srv/shop" as a directory, "ssh://deploy@web1:2222/srv/shop" as a directory on a host. Raises InvalidInput."""
    if "://" not in text:
        return {"kind": "directory", "path": text.strip()}
    try:
        parts = urlsplit(text.strip())
        given = {"host": parts.hostname, "port": parts.port, "user": parts.username, "path": unquote(parts.path)}
    except ValueError:
        given, parts = {}, urlsplit("")
    if parts.scheme != "ssh" or not given.get("host") or parts.password:
        hint = "must be a directory (/srv/shop) or a directory on a host (ssh://user@host:port/srv/shop)"
        raise InvalidInput(fields={"target": hint})
    return {"kind": "ssh", **{name: value for name, value in given.items() if value}}


def address(target: TargetSpec) -> str:
    """A target on one line, as `place` reads it where its kind can be written so."""
    option: Mapping[str, Any] = target.options
    path = str(option.get("path") or "")
    if target.kind != "ssh":
        return path or target.kind
    user = f"{quote(str(option['user']))}@" if option.get("user") else ""
    port = f":{option['port']}" if option.get("port") not in (None, 22) else ""
    return f"ssh://{user}{option.get('host', '')}{port}{path}"
