"""An SSH target's options as people write them, checked so that none of them can be taken for anything else."""

from __future__ import annotations

import ipaddress
import posixpath
import re
from collections.abc import Mapping
from typing import Any

from app.domain.specification.reader import FieldReader, wrong
from app.domain.specification.target_kind import TARGET, TargetFact
from app.domain.specification.target_options import read_options
from app.ssh import Endpoint, SshKey, Way, fingerprint, host_key
from app.ssh.ssh_config import Secret
from app.targets.files.layouts import layout_fact
from app.targets.ssh.ssh_fields import HOST_KEY, PATH_MAX, PORT, SSH

# The order in which options have always been stored: the store compares targets as texts.
STORED = ("host", "port", "user", "credential", "host_key", "path", "layout", "keep_releases", "jump")
HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?\Z")
USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,63}\Z")


def check(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options, normalised; `host_key` may be missing still. Raises InvalidInput."""
    reader = FieldReader(options, TARGET)
    checked = read_options(reader, SSH.fields)
    _check_login(reader, checked)
    checked["path"] = _path(reader, str(checked.get("path", "")))
    if "jump" in checked:
        _check_login(reader.below("jump"), checked["jump"])
    if reader.errors:
        raise wrong(reader.errors)
    return {name: checked[name] for name in STORED if name in checked}


def _check_login(reader: FieldReader, login: dict[str, Any]) -> None:
    if login.get("host") and not is_host(login["host"]):
        reader.wrong("host", "must be a host name or an address, such as web1.example.com; the port has its own field")
    if login.get("user") and not USER.match(login["user"]):
        reader.wrong("user", "must be an account's name: letters, digits, '.', '_', '@', '+' and '-'")
    if given := login.get("host_key"):
        key = host_key(given)
        if key is None:
            reader.wrong("host_key", "must be a public host key such as 'ssh-ed25519 AAAA…', from /etc/ssh/*.pub there")
        login["host_key"] = key


def is_host(text: str) -> bool:
    """Whether the text is a host's name or address and nothing else."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return HOST.match(text) is not None and ".." not in text
    return "%" not in text


def _path(reader: FieldReader, given: str) -> str:
    if not given:
        return ""
    if not given.startswith("/") or ".." in given.split("/") or len(given.encode()) > PATH_MAX:
        reader.wrong("path", "must be an absolute directory on the host without '..', such as /srv/shop")
        return ""
    path = "/" + posixpath.normpath(given).strip("/")
    if path == "/" or any(len(part.encode()) > 255 for part in path.split("/")):
        reader.wrong("path", "must be a directory of its own, not the root of the host")
    return path


def way(options: Mapping[str, Any], secret: Secret) -> Way:
    """The way to a checked target."""
    jump = options.get("jump")
    return Way(_endpoint(options, secret), _endpoint(jump, secret) if jump else None)


def _endpoint(options: Mapping[str, Any], secret: Secret) -> Endpoint:
    name = options.get("credential")
    key = SshKey(str(name), lambda: secret(str(name)).get("private_key", "")) if name else None
    return Endpoint(str(options["host"]), int(options["port"]), str(options["user"]), key, options.get("host_key"))


def facts(options: Mapping[str, Any]) -> tuple[TargetFact, ...]:
    """A target's facts for display: places, keys by name, fingerprints."""
    jump = options.get("jump")
    through = (
        (
            TargetFact("Jump host", _place(jump)),
            TargetFact(f"{HOST_KEY.title} of the jump host", _fingerprint(jump), pinned=True),
        )
        if jump
        else ()
    )
    return (
        TargetFact("Target", f"{_place(options)}:{options['path']}"),
        TargetFact("SSH key", str(options.get("credential") or "this machine's own")),
        TargetFact(HOST_KEY.title, _fingerprint(options), pinned=True),
        *through,
        layout_fact(options),
    )


def _place(end: Mapping[str, Any]) -> str:
    return f"{end['user']}@{end['host']}" + (f":{end['port']}" if end["port"] != PORT else "")


def _fingerprint(end: Mapping[str, Any]) -> str:
    key = str(end.get("host_key") or "")
    return f"{key.split()[0].removeprefix('ssh-').upper()} {fingerprint(key)}" if key else "not looked up yet"
