"""The kind "ssh": a directory on any host with OpenSSH and a POSIX shell."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from app.domain.environment import Environment
from app.domain.errors import InvalidInput, Problem
from app.domain.specification.target_kind import TargetFact
from app.ports import Runner, Target
from app.ssh import Connection, SshFailed
from app.ssh.hostkeys import own_host_keys
from app.targets.files.allowed_roots import overlaps
from app.targets.files.file_inventory import FileInventory
from app.targets.files.layouts import kept_releases, with_releases
from app.targets.inventory.inventory_files import Inventory
from app.targets.kind_of_target import KindOfTarget
from app.targets.ssh import ssh_options as given
from app.targets.ssh.host_runner import HostRunner
from app.targets.ssh.remote_directory import IN_PLACE, View
from app.targets.ssh.remote_shell.host import Host, problem_of
from app.targets.ssh.remote_shell.release_scripts import LIVE
from app.targets.ssh.ssh_fields import SSH
from app.targets.ssh.ssh_releases import SshReleaseTarget
from app.targets.ssh.ssh_target import SshTarget
from app.targets.target_dependencies import TargetDependencies


class SshKind(KindOfTarget):
    """Directories on servers. All targets share the pool's connections. `form`: of a host's listing, for tests."""

    info = SSH

    def __init__(self, dependencies: TargetDependencies, form: bytes = b"") -> None:
        super().__init__(dependencies)
        self._form = form

    def check(self, options: Mapping[str, Any]) -> Mapping[str, Any]:
        return given.check(options)

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
        way = given.way({**wanted, "jump": jump, "host_key": None, "credential": None}, self._dependencies.secret)
        mend = "Check host and port, or give target.host_key yourself (from /etc/ssh/ssh_host_*_key.pub there)"
        try:
            key = Connection(way).seen_host_key()
        except SshFailed as failure:
            problem = problem_of(f"{wanted['host']}:{wanted['port']}", way, failure, "")
            raise InvalidInput(
                fields={field: f"cannot be asked for its host key: {problem.detail} {mend}"}
            ) from failure
        except Problem as problem:
            raise InvalidInput(fields={field: f"cannot be asked for its host key: {problem.detail}"}) from problem
        if key is None:
            raise InvalidInput(fields={field: f"shows no host key that PushPull knows. {mend}"})
        return {**wanted, "host_key": key}

    def open(self, environment: Environment, check: Callable[[], None]) -> Target:
        """The directory there, with its inventory here."""
        option = environment.target.options
        view = View(Host(self._connection(option), check), *_parted(option), form=self._form)
        inventory = Inventory(self._dependencies.places.state(environment.id), self.info.place(option), FileInventory)
        if with_releases(option):
            return SshReleaseTarget(view, inventory, kept_releases(option))
        return SshTarget(view, view, inventory)

    def _connection(self, option: Mapping[str, Any]) -> Connection:
        return self._dependencies.pool.connection(given.way(option, self._dependencies.secret))

    def facts(self, options: Mapping[str, Any]) -> tuple[TargetFact, ...]:
        return given.facts(options)

    def overlap(self, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
        """Whether one directory of a host is the other, or lies in it, whoever logs in and whatever the host is called:
        hosts that show one key are one."""
        same = all(one.get(name) == other.get(name) for name in ("host", "port"))
        known = bool(one.get("host_key")) and one.get("host_key") == other.get("host_key")
        return (same or known) and overlaps(str(one.get("path", "")), str(other.get("path", "")))

    def local_path(self, options: Mapping[str, Any]) -> str | None:
        """The directory, where the host is this machine by its key."""
        return os.path.realpath(str(options["path"])) if options.get("host_key") in own_host_keys() else None

    def runner(self, options: Mapping[str, Any]) -> Runner | None:
        """The host."""
        connection = self._connection(options)
        view = View(Host(connection), *_parted(options), _inner(options), self._form)
        return HostRunner(view, connection)


def _parted(option: Mapping[str, Any]) -> tuple[bytes, bytes]:
    parent, _, name = os.fsencode(str(option["path"])).rpartition(b"/")
    return parent or b"/", name


def _inner(option: Mapping[str, Any]) -> bytes:
    return LIVE if with_releases(option) else IN_PLACE
