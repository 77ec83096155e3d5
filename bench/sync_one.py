"""Sync of one changed file, in a large tree and in a small one, against rsync over the same trees."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from app.desired.files import FileState
from app.domain.environment import Environment, Mode, SourceSpec, TargetSpec
from app.domain.state.plan import compare
from app.ports import DesiredState, Source, Target
from bench.ground import Ground, command
from bench.measuring import Case, Figure, Result, Verdict, interleaved, ratio
from bench.stand import Stand, expect
from bench.trees import PATH, Edits, checkout, file_name, repository

TOLD = "The real service over a repository on this machine; `rsync -a` from a directory to its copy."
NOTES = (
    """sync: from the request of a commit that is on the remote to the finished operation, run as a worker runs it.""",
    """The file is synced to disk before it takes its place, and so are its directory, the inventory and the ledger;
  rsync syncs nothing.""",
)
MISSING = "**rsync is not installed (Debian: apt-get install rsync): not compared with it.**"


def run(ground: Ground) -> Result:
    """One file among 50,000, and among 1,000."""
    large, small = ground.of(50_000, 300), ground.of(1_000, 60)
    with Stand(ground.folder / "here", ground.folder) as stand:
        trees = {size: _Tree(ground.folder, stand, size) for size in (small, large)}
        use_cases: dict[str, Case] = {}
        for size, tree in trees.items():
            use_cases[f"sync, {size:,} files"] = Case(tree.sync, tree.edit)
            use_cases[f"look, compare and apply alone, {size:,} files"] = Case(tree.apply, tree.edit_alone)
        if shutil.which("rsync"):
            for size, tree in trees.items():
                use_cases[f"rsync -a, {size:,} files"] = Case(tree.rsync, tree.edit_plain)
        figures = interleaved(use_cases, ground.rounds)
    return _result(figures, small, large)


class _Tree:
    """A tree of some size: delivered by the service, by the target alone, and by rsync."""

    def __init__(self, folder: Path, stand: Stand, size: int) -> None:
        self._stand, self._name = stand, f"files-{size}"
        self._repo = repository(folder / f"{size}.git", size)
        self._edits = Edits(self._repo)
        self._plain, self._mirrored = checkout(self._repo, folder / f"plain-{size}"), folder / f"mirrored-{size}"
        self._source: Source = stand.use_cases.ports.sources.open(str(self._repo.path))
        stand.register(self._name, str(self._repo.path))
        stand.sync(self._name)
        stand.refresh(self._name)
        self._alone = self._open_alone(size)
        self._sha, self._round = "", 0
        self._next: tuple[DesiredState, DesiredState] | None = None
        self._deliver(self._desired("main"), None)

    def _open_alone(self, size: int) -> Target:
        place = self._stand.live / f"alone-{size}"
        options = self._stand.use_cases.ports.targets.check("directory", {"path": str(place)})
        spec = TargetSpec("directory", options)
        return self._stand.use_cases.ports.targets.open(
            Environment(1_000_000 + size, f"alone-{size}", Mode.PUSH, SourceSpec(str(self._repo.path)), spec)
        )

    # --- through the service ---
    def edit(self) -> None:
        """A commit on the remote."""
        self._sha = self._edits.commit()

    def sync(self) -> None:
        """From the request to the finished operation: fetch, compare, write, record."""
        self._stand.deliver(self._name, self._sha)

    # --- the target alone ---
    def edit_alone(self) -> None:
        """A commit that is in the mirror already."""
        before = self._desired("main")
        self._edits.commit()
        self._source.fetch()
        self._next = self._desired("main"), before

    def apply(self) -> None:
        """What the sync does between the mirror and the disk."""
        assert self._next is not None
        self._deliver(*self._next)

    def _desired(self, name: str) -> DesiredState:
        sha = self._source.resolve(name).sha
        return FileState(self._source, SourceSpec("", path=PATH), sha, self._source.tree(sha, PATH))

    def _deliver(self, desired: DesiredState, before: DesiredState | None) -> None:
        target, head = self._alone, self._alone.inventory()
        changes = desired.changes_since(head.state) or ()
        live = target.look([change.key for change in changes], only=before is not None)
        plan = compare(changes, live)
        expect(before is None or len(plan.work) == 1, f"{len(plan.work)} files to write, not 1")
        target.apply(plan, desired, _Silent())

    # --- rsync ---
    def edit_plain(self) -> None:
        """A changed file in the directory that rsync reads."""
        self._round += 1
        (self._plain.parent / file_name(7)).write_text(f"round {self._round}, {time.time()}\n")

    def rsync(self) -> None:
        """Bring the copy up to date."""
        command("rsync", "-a", f"{self._plain}/", f"{self._mirrored}/")


class _Silent:
    """Implements the port Watch."""

    def progressed(self, done: int, total: int, path: bytes) -> None:
        """Nobody looks."""

    def check(self) -> None:
        """Nobody stops it."""


def _result(figures: dict[str, Figure], small: int, large: int) -> Result:
    sync = [figures[f"sync, {size:,} files"] for size in (large, small)]
    apply = [figures[f"look, compare and apply alone, {size:,} files"] for size in (large, small)]
    rsync = [figures.get(f"rsync -a, {size:,} files") for size in (large, small)]
    verdicts = [
        Verdict(f"sync, {large:,} files / {small:,} files", ratio(*sync), goal=1.5),
        Verdict(f"apply alone, {large:,} files / {small:,} files", ratio(*apply), goal=1.5),
    ]
    for peer, ours, alone, size in zip(rsync, sync, apply, (large, small), strict=True):
        if peer:
            verdicts.append(Verdict(f"sync / rsync -a, {size:,} files", ratio(ours, peer)))
            verdicts.append(Verdict(f"apply alone / rsync -a, {size:,} files", ratio(alone, peer)))
    return Result(
        title="Sync of one changed file",
        told=f"One file of {large:,} (and of {small:,}) changes. {TOLD}",
        figures=list(figures.values()),
        verdicts=verdicts,
        notes=[*NOTES, *([] if rsync[0] else [MISSING])],
    )
