"""A directory on a host behind SSH, delivered in place: what changed is sent, unpacked beside and renamed."""

from __future__ import annotations

import contextlib
import secrets
import stat
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from app.domain.errors import Problem, TargetUnreachable
from app.domain.state.git_files import DIRECTORY
from app.domain.state.items import printable
from app.domain.state.plan import LiveState, Plan
from app.ports import ApplyProgress, DesiredState
from app.ssh import CommandLimits
from app.ssh.ssh_process import never
from app.targets.files.file_inventory import FileInventory
from app.targets.files.preparation import Steps, prepare
from app.targets.files.root_handle import above
from app.targets.inventory.inventoried_target import ApplyMeter, InventoriedTarget
from app.targets.inventory.inventory_files import Inventory
from app.targets.ssh.digests import Digests
from app.targets.ssh.remote_directory import View
from app.targets.ssh.remote_listing import RemoteListing
from app.targets.ssh.remote_scan import found_at, look_at, look_everywhere
from app.targets.ssh.remote_shell import scripts
from app.targets.ssh.tar_stream import TarStream, gathered

APPLYING = CommandLimits(total_s=6 * 3600.0)
SETTLING = CommandLimits(silence_s=60.0, total_s=60.0)


class SshTarget(InventoriedTarget[FileInventory]):
    """Implements the port Target. `view`: the root; `live`: the directory that readers see."""

    def __init__(self, view: View, live: View, inventory: Inventory[FileInventory]) -> None:
        super().__init__(inventory)
        self._view, self._live = view, live
        self._digests = Digests(inventory.folder)
        self._seen: tuple[RemoteListing, set[bytes] | None] | None = (
            None  # by the last look: listing, paths (None: all)
        )

    def look(self, wanted: Collection[bytes] = (), *, only: bool = False) -> LiveState:
        with self._inventory.looking() as inventory:
            if not inventory.head().whole:
                self._recover(inventory)
            looked = look_at if only else look_everywhere
            state, listing = looked(self._live, inventory, self._digests, wanted)
            self._seen = listing, set(wanted) if only else None
            return state

    def read(self, path: bytes, limit: int) -> bytes | None:
        return self._live.read(path, limit)

    def apply(self, plan: Plan, desired: DesiredState, progress: ApplyProgress) -> None:
        with self._inventory.alone() as inventory:
            self._recover(inventory)
            steps = prepare(self._surroundings(plan), inventory, plan)
            token = secrets.token_hex(6)
            meter = ApplyMeter(progress, len(plan.work))
            inventory.begin(plan.items, token, lambda: inventory.folders.add(steps.folders))
            with meter.accounted(), desired.contents() as contents:
                removed = self._carry_out(plan, steps, TarStream(contents, token, progress.check), inventory, meter)
            inventory.finish(plan, desired, lambda: inventory.folders.remove(removed))

    def _surroundings(self, plan: Plan) -> Surroundings:
        """What the look saw on which the plan rests, or a look of its own. What changes there after it is met by the
        plan's own checks on the host."""
        seen, self._seen = self._seen, None
        writes = {item.key for item in plan.work if item.wanted is not None}
        if seen is not None and (seen[1] is None or writes <= seen[1]):
            return Surroundings(self._view, seen[0])
        folders = {folder for path in writes for folder in above(path)}
        return Surroundings(self._view, self._view.some(folders) if folders else RemoteListing(0, {}))

    def _carry_out(
        self, plan: Plan, steps: Steps, stream: TarStream, inventory: FileInventory, progress: ApplyMeter
    ) -> Iterable[bytes]:
        """Send the stream; returns the removed directories."""
        in_the_way = {item.key for item in plan.work if item.found and item.found.traits == DIRECTORY and item.wanted}
        emptied = inventory.folders.made({folder for path in steps.first + steps.last for folder in above(path)})
        folders = sorted(emptied, key=lambda folder: folder.count(b"/"), reverse=True)

        def members() -> Iterator[bytes]:
            stream.remove(steps.first)
            stream.make(steps.folders, steps.replaceable.__contains__)
            yield from stream.files(steps.writes, in_the_way.__contains__)
            stream.remove(steps.last)
            stream.leave(folders)
            yield from stream.end()

        return [folders[number] for number in self._following(stream, members, progress)]

    def _following(self, stream: TarStream, members: Callable[[], Iterator[bytes]], progress: ApplyMeter) -> list[int]:
        """Send a stream and follow its plan; returns the numbers that it told as "left"."""
        try:
            left = run(self._view, stream, members, progress)
        except TargetUnreachable:
            raise
        except BaseException:
            with contextlib.suppress(Problem):  # what runs there is ended now; the next run would do it as well
                self._settle(stream.token)
            raise
        self._digests.note(stream.sums)
        return left

    # --- after an interruption ---
    def _recover(self, inventory: FileInventory) -> None:
        token = inventory.fact("applying")
        if token is None:
            return
        self._settle(token)
        pending = inventory.pending()
        known = inventory.known(pending)
        found = found_at(self._live, self._digests, {path: known.get(path) for path in pending})
        inventory.recover(found.get)

    def _settle(self, token: str) -> None:
        """End an orphan, if there is one, and remove what it left: also for an operation that was stopped."""
        self._view.host.ask(self._view.script(scripts.SETTLE, T=token.encode()), check=never, limits=SETTLING)


def run(view: View, stream: TarStream, members: Callable[[], Iterator[bytes]], progress: ApplyMeter) -> list[int]:
    """Send a stream and follow the plan; returns the numbers that it told as "left"."""
    answer = Followed(stream.done, progress)
    code, said = view.host.run(
        view.script(scripts.APPLY, T=stream.token.encode()),
        answer.hear,
        lambda: gathered(members()),
        progress.check,
        APPLYING,
    )
    if code == scripts.REFUSED:
        raise view.host.refused(answer.rest, said, answer.where())
    if not answer.finished:
        view.host.unfinished(code, said)
    return answer.left


class Followed:
    """The progress that the plan prints while it runs."""

    def __init__(self, order: Sequence[bytes], progress: ApplyMeter) -> None:
        self._order, self._progress = order, progress
        self.rest = b""
        self.left: list[int] = []
        self.finished = False

    def hear(self, chunk: bytes) -> None:
        """Take the next piece of output."""
        *lines, self.rest = (self.rest + chunk).split(b"\n")
        for line in lines:
            if line.startswith(b"+"):
                for _ in range(int(line)):
                    self._progress.step(self._order[self._progress.done])
            elif line.startswith(b"left "):
                self.left.append(int(line[5:]))
            elif line == b"done":
                self.finished = True
            elif line.startswith(b"no "):
                self.rest = line

    def where(self) -> str:
        """The path that a refusal concerns."""
        word = self.rest.partition(b"no ")[2].split(b" ")[0]
        said = {b"put": "cannot be put in its place", b"rid": "cannot be removed", b"mk": "cannot be made a directory"}
        if word not in said or self._progress.done >= len(self._order):
            return ""
        return f"'{printable(self._order[self._progress.done])}' (or a file near it) {said[word]}"


class Surroundings:
    """Implements Ground: a listing of (at least) all directories above what will be written."""

    def __init__(self, view: View, listing: RemoteListing) -> None:
        self._view, self._some = view, listing
        self._whole: RemoteListing | None = None

    def mode_at(self, path: bytes) -> int | None:
        """The mode in the listing."""
        facts = self._some.facts.get(path)
        return facts.mode if facts else None

    def files_below(self, folder: bytes) -> Iterator[bytes]:
        """By a listing of everything, which is rarely needed."""
        if self._whole is None:
            self._whole = self._view.everything(tuple)
        start = folder + b"/"
        facts = self._whole.facts
        return (path for path, one in facts.items() if path.startswith(start) and not stat.S_ISDIR(one.mode))
