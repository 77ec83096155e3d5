"""The kind "ssh": a directory on any host with OpenSSH and a POSIX shell."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from app.domain.environment import Environment
from app.domain.errors import InvalidInput, Problem
from app.ports import Runner, Target, TargetKind
from app.ssh import Connection, Pool, SshFailed
from app.ssh.ssh_config import Secret
from app.targets.directory.allowed_roots import AllowedRoots, overlaps
from app.targets.inventory.inventory_files import Inventory
from app.targets.ssh import ssh_options as given
from app.targets.ssh.host import Host, told
from app.targets.ssh.remote_directory import IN_PLACE, View
from app.targets.ssh.runner import HostRunner
from app.targets.ssh.scripts import LIVE
from app.targets.ssh.ssh_releases import SshReleaseTarget
from app.targets.ssh.ssh_target import SshTarget

_FIELDS = ("host", "port", "user", "path", "credential", "layout", "keep_releases", "host_key", "jump")


class SshKind:
    """Implements Kind. All its targets share the pool's connections."""

    info = TargetKind("ssh", "Directory on a server, over SSH", _FIELDS)

    def __init__(self, places: AllowedRoots, secret: Secret, pool: Pool, form: bytes = b"") -> None:
        self._places, self._secret, self._pool, self._form = places, secret, pool, form

    def check(self, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """See docs/targets.md for the options."""
        return given.check(options)

    def shape(self, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """Refused: an agent delivers where it is."""
        raise InvalidInput(fields={"target.kind": "must be directory: an agent delivers on its own host"})

    def credentials(self, options: Mapping[str, Any]) -> Mapping[str, str]:
        """Of the server and of the jump host."""
        return given.credentials(options)

    def complete(self, options: Mapping[str, Any], before: Mapping[str, Any] | None) -> Mapping[str, Any]:
        """Pin the host keys that were not given: ask the servers for them. A key that was pinned for another address
        counts as not given."""
        wanted = dict(options)
        old_jump = (before or {}).get("jump") or {}
        if wanted.get("jump"):
            wanted["jump"] = self._pinned(dict(wanted["jump"]), old_jump, None, "target.jump.host")
        return self._pinned(wanted, before or {}, wanted.get("jump"), "target.host")

    def _pinned(
        self, wanted: dict[str, Any], before: Mapping[str, Any], jump: Mapping[str, Any] | None, field: str
    ) -> dict[str, Any]:
        moved = any(before.get(name) != wanted[name] for name in ("host", "port"))
        stale = bool(before) and moved and wanted.get("host_key") == before.get("host_key")
        if wanted.get("host_key") and not stale:
            return wanted
        way = given.way({**wanted, "jump": jump, "host_key": None, "credential": None}, self._secret)
        mend = "Check host and port, or give target.host_key yourself (from /etc/ssh/ssh_host_*_key.pub there)"
        try:
            key = Connection(way).seen_host_key()
        except SshFailed as failure:
            problem = told(f"{wanted['host']}:{wanted['port']}", way, failure, "")
            raise InvalidInput(
                fields={field: f"cannot be asked for its host key: {problem.detail} {mend}"}
            ) from failure
        except Problem as problem:
            raise InvalidInput(fields={field: f"cannot be asked for its host key: {problem.detail}"}) from problem
        if key is None:
            raise InvalidInput(fields={field: f"shows no host key that PushPull knows. {mend}"})
        return {**wanted, "host_key": key}

    def place(self, options: Mapping[str, Any]) -> str:
        """Host, directory and layout, whoever logs in."""
        return f"{options['host']}:{options['port']}:{options['path']} ({options['layout']})"

    def open(self, environment: Environment) -> Target:
        """The directory there, with its inventory here."""
        option = environment.target.options
        view = View(Host(self._connection(option)), *_parted(option), form=self._form)
        inventory = Inventory(self._places.state(environment.id), self.place(option))
        if option["layout"] == "releases":
            return SshReleaseTarget(view, inventory, int(option.get("keep_releases") or given.KEEP_RELEASES))
        return SshTarget(view, view, inventory)

    def _connection(self, option: Mapping[str, Any]) -> Connection:
        return self._pool.connection(given.way(option, self._secret))

    def facts(self, options: Mapping[str, Any]) -> Mapping[str, str]:
        """Where it is, how it is logged in to, and the fingerprints of the pinned keys."""
        return given.facts(options)

    def overlap(self, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
        """Whether one directory of a host is the other, or lies in it, whoever logs in."""
        same = all(one.get(name) == other.get(name) for name in ("host", "port"))
        return same and overlaps(str(one.get("path", "")), str(other.get("path", "")))

    def workdir(self, options: Mapping[str, Any]) -> str | None:
        """There is none on this machine."""
        return None

    def runner(self, options: Mapping[str, Any]) -> Runner | None:
        """The host."""
        connection = self._connection(options)
        view = View(Host(connection), *_parted(options), _inner(options), self._form)
        return HostRunner(view, connection)


def _parted(option: Mapping[str, Any]) -> tuple[bytes, bytes]:
    parent, _, name = os.fsencode(str(option["path"])).rpartition(b"/")
    return parent or b"/", name


def _inner(option: Mapping[str, Any]) -> bytes:
    return LIVE if option["layout"] == "releases" else IN_PLACE
