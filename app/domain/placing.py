"""Places as people write them on one line: a directory, or ssh://user@host:port/path."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
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


def elsewhere(target: TargetSpec) -> TargetSpec:
    """A directory on an agent's host, as far as it can be checked from here. Raises InvalidInput."""
    path = target.option("path")
    wrong: dict[str, str] = {}
    if target.kind != "directory":
        wrong["target.kind"] = "must be directory: an agent delivers on its own host"
    plain = isinstance(path, str) and path.startswith("/") and path.isprintable()
    if not plain or ".." in PurePosixPath(str(path)).parts or PurePosixPath(str(path)) == PurePosixPath("/"):
        wrong["target.path"] = "must be an absolute directory on the agent's host, such as /srv/shop"
    if wrong:
        raise InvalidInput(fields=wrong)
    options = {"layout": "in_place", **target.options, "path": str(PurePosixPath(str(path)))}
    return TargetSpec(target.kind, options)
