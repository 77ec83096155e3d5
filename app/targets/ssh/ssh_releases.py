"""Releases on a host: what did not change is copied from the release before, the rest is sent; then one link moves.

It is copied and not linked: somebody who edits a live file in place must not change the releases that are kept.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping

from app.domain.errors import TargetUnreachable
from app.domain.state.git_files import EXECUTABLE, SYMLINK, check_path
from app.domain.state.items import Item
from app.domain.state.plan import Plan
from app.ports import ApplyProgress, DesiredState
from app.targets.files.file_inventory import FileInventory
from app.targets.files.root_handle import above, parted
from app.targets.inventory.inventoried_target import ApplyMeter
from app.targets.inventory.inventory_files import Inventory
from app.targets.ssh.remote_directory import View
from app.targets.ssh.remote_scan import entries
from app.targets.ssh.remote_shell import release_scripts
from app.targets.ssh.remote_shell.scripts import batches, quoted
from app.targets.ssh.ssh_target import SshTarget
from app.targets.ssh.tar_stream import TarStream

Tree = Mapping[bytes, Item]


class SshReleaseTarget(SshTarget):
    """Implements the port Target over <path>/releases/<revision>-<n> and the link <path>/current."""

    entire = True

    def __init__(self, view: View, inventory: Inventory[FileInventory], keep: int) -> None:
        super().__init__(view, view.within(release_scripts.LIVE), inventory)
        self._keep = keep

    def apply(self, plan: Plan, desired: DesiredState, progress: ApplyProgress) -> None:
        with self._inventory.alone() as inventory:
            self._recover(inventory)
            old = self._current()  # refuses what is no link before anything is written
            self._remove(inventory, [name for name, _ in inventory.releases.all(complete=False)])
            wanted = dict(desired.items())
            for path in wanted:
                check_path(path)
            name = self._kept(inventory, desired.id, wanted)
            fresh = name or f"{desired.revision[:12]}-{inventory.releases.next_number()}"
            token = secrets.token_hex(6)
            same = self._same(inventory, plan, wanted) if old else {}
            inventory.begin(plan.items, token, lambda: None if name else inventory.releases.add(fresh, desired.id))
            if not name:
                with desired.contents() as contents:
                    self._fill(fresh, old, same, wanted, TarStream(contents, token, progress.check), progress)
            self._view.host.ask(self._view.script(release_scripts.SWITCH, T=token.encode(), V=fresh.encode()))
            inventory.finish(plan, desired, lambda: inventory.releases.complete(fresh))
            self._remove(
                inventory, [one for one, _ in inventory.releases.all(complete=True)[self._keep :] if one != fresh]
            )

    def _current(self) -> str:
        """The release that the link names, "" for none."""
        return self._live.host.ask(self._live.script(release_scripts.CURRENT)).decode()

    def _same(self, inventory: FileInventory, plan: Plan, wanted: Tree) -> Tree:
        """Files that stand in the live release as the new one needs them."""
        touched = {item.key for item in plan.items}
        owned = dict(inventory.items())
        return {
            path: entry
            for path, entry in wanted.items()
            if owned.get(path) == entry and path not in touched and entry.traits != SYMLINK
        }

    # --- filling ---
    def _fill(self, name: str, old: str, same: Tree, wanted: Tree, stream: TarStream, progress: ApplyProgress) -> None:
        meter = ApplyMeter(progress, len(wanted))
        sent = [(path, entry) for path, entry in wanted.items() if path not in same]
        folders = sorted({folder for path in wanted for folder in above(path)})

        def members() -> Iterator[bytes]:
            for key, value in (("V", name), ("O", old)):
                stream.line(key.encode() + b"=" + quoted(value.encode()))
            stream.line(release_scripts.FILLING)
            stream.make(folders, lambda _: False)
            _take(stream, same)
            yield from stream.files(sent, lambda _: False)
            stream.line(release_scripts.FILLED)
            yield from stream.end()

        with meter.accounted():
            self._following(stream, members, meter)
            if not self._unaltered(name, wanted):
                raise TargetUnreachable(
                    f"The new release on {self._view.host.name} is not as it should be: somebody changed "
                    "the one before, or this one, meanwhile. Nothing was switched."
                )

    # --- what is kept ---
    def _kept(self, inventory: FileInventory, tree: str, wanted: Tree) -> str | None:
        """A release of this tree in which nothing moved: every file is digested."""
        names = (name for name, of in inventory.releases.all(complete=True) if of == tree)
        return next((name for name in names if self._unaltered(name, wanted)), None)

    def _unaltered(self, name: str, wanted: Tree) -> bool:
        inner = b"inner() { at releases/%b && R=$R/releases/%b; }\n" % (name.encode(), name.encode())
        view = self._view.within(inner)
        listing = view.everything(tuple)
        files = [path for path, facts in listing.facts.items() if facts.kind != 0o040000]
        if not listing.there or len(files) != len(wanted):
            return False
        return entries(view, self._digests, listing, wanted) == wanted

    def _remove(self, inventory: FileInventory, names: list[str]) -> None:
        """Remove releases. What cannot be removed now is tried again with the next delivery."""
        if not names:
            return
        for name in names:
            inventory.releases.retire(name, removed=False)
        words = b"set -- " + b" ".join(quoted(name.encode()) for name in names) + b"\n"
        said = self._view.host.ask(words + self._view.script(release_scripts.REMOVE)).decode().splitlines()
        for name in names:
            if f"gone {name}" in said:
                inventory.releases.retire(name, removed=True)


def _take(stream: TarStream, same: Tree) -> None:
    """Lines that copy files from the release before, a directory and a mode at a time."""
    grouped: dict[tuple[bytes, str], list[bytes]] = {}
    for path, entry in same.items():
        grouped.setdefault((parted(path)[0], entry.traits), []).append(path)
    for (folder, traits), paths in grouped.items():
        stream.astray(b"old " + quoted(folder))
        rest = paths
        for batch in batches([quoted(b"./" + parted(path)[1]) for path in paths]):
            bits = b"755" if traits == EXECUTABLE else b"644"
            stream.line(b"take %b %b %b" % (bits, quoted(folder), b" ".join(batch)))
            stream.count(rest[: len(batch)])
            rest = rest[len(batch) :]
