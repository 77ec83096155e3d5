"""An SSH target's options as people write them, checked so that none of them can be taken for anything else."""

from __future__ import annotations

import ipaddress
import posixpath
import re
from collections.abc import Mapping
from typing import Any

from app.domain.errors import InvalidInput
from app.domain.specification.reader import FieldReader
from app.ssh import Endpoint, SshKey, Way, fingerprint, host_key
from app.ssh.ssh_config import Secret

HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?\Z")
USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,63}\Z")
PATH_MAX = 2000  # so that what is delivered below still fits into the host's own limit
LAYOUTS = ("in_place", "releases")
KEEP_RELEASES = 5


def check(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options, normalised; `host_key` may be missing still. Raises InvalidInput."""
    reader = FieldReader(options, "target")
    checked = _login(reader)
    checked["path"] = _path(reader)
    layout = reader.choice("layout", LAYOUTS[0], LAYOUTS)
    checked["layout"] = layout
    keep = reader.number("keep_releases", KEEP_RELEASES, 1, 100)
    if layout == "releases":
        checked["keep_releases"] = keep
    if reader.has("jump"):
        below = reader.below("jump")
        below.known("host", "port", "user", "credential", "host_key")
        checked["jump"] = _login(below)
    if reader.errors:
        raise InvalidInput(fields=reader.errors)
    return checked


def _login(reader: FieldReader) -> dict[str, Any]:
    host, user = reader.text("host", limit=260, required=True), reader.text("user", limit=64, required=True)
    if host and not is_host(host):
        reader.wrong("host", "must be a host name or an address, such as web1.example.com; the port has its own field")
    if user and not USER.match(user):
        reader.wrong("user", "must be an account's name: letters, digits, '.', '_', '@', '+' and '-'")
    found: dict[str, Any] = {"host": host, "port": reader.number("port", 22, 1, 65535), "user": user}
    if credential := reader.text("credential", limit=63):
        found["credential"] = credential
    if given := reader.text("host_key", limit=4000):
        key = host_key(given)
        if key is None:
            reader.wrong("host_key", "must be a public host key such as 'ssh-ed25519 AAAA…', from /etc/ssh/*.pub there")
        found["host_key"] = key
    return found


def is_host(text: str) -> bool:
    """Whether it is a host's name or address and nothing else."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return HOST.match(text) is not None and ".." not in text
    return "%" not in text


def _path(reader: FieldReader) -> str:
    given = reader.text("path", limit=PATH_MAX, required=True)
    if not given:
        return ""
    if not given.startswith("/") or ".." in given.split("/") or len(given.encode()) > PATH_MAX:
        reader.wrong("path", "must be an absolute directory on the host without '..', such as /srv/shop")
        return ""
    path = "/" + posixpath.normpath(given).strip("/")
    if path == "/" or any(len(part.encode()) > 255 for part in path.split("/")):
        reader.wrong("path", "must be a directory of its own, not the root of the host")
    return path


def credentials(options: Mapping[str, Any]) -> dict[str, str]:
    """The names of credentials by field."""
    places = (("target", options), ("target.jump", options.get("jump") or {}))
    return {f"{place}.credential": str(one["credential"]) for place, one in places if one.get("credential")}


def way(options: Mapping[str, Any], secret: Secret) -> Way:
    """The way to a checked target."""
    jump = options.get("jump")
    return Way(_endpoint(options, secret), _endpoint(jump, secret) if jump else None)


def _endpoint(options: Mapping[str, Any], secret: Secret) -> Endpoint:
    name = options.get("credential")
    key = SshKey(str(name), lambda: secret(str(name)).get("private_key", "")) if name else None
    return Endpoint(str(options["host"]), int(options["port"]), str(options["user"]), key, options.get("host_key"))


def facts(options: Mapping[str, Any]) -> dict[str, str]:
    """What people want to know: places, keys by name, fingerprints."""
    jump = options.get("jump")
    told = {
        "Target": f"{_place(options)}:{options['path']}",
        "SSH key": str(options.get("credential") or "this machine's own"),
        "Host key": _told(options),
    }
    return {**told, "Jump host": _place(jump), "Host key of the jump host": _told(jump)} if jump else told


def _place(end: Mapping[str, Any]) -> str:
    return f"{end['user']}@{end['host']}" + (f":{end['port']}" if end["port"] != 22 else "")


def _told(end: Mapping[str, Any]) -> str:
    key = str(end.get("host_key") or "")
    return f"{key.split()[0].removeprefix('ssh-').upper()} {fingerprint(key)}" if key else "not looked up yet"
