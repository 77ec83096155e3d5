"""A directory on this machine, delivered in place: what changed is written beside and renamed, the rest stays."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

from app.domain.errors import TargetRefused, TargetUnreachable
from app.domain.plan import InventoryHead, LiveState, Plan
from app.domain.tree import Entry
from app.ports import Contents, Desired, Watch
from app.targets import census, observing
from app.targets.book import Book
from app.targets.handles import Root
from app.targets.inventory import Inventory
from app.targets.places import Place
from app.targets.preparing import prepare
from app.targets.writing import Writer


class DirectoryTarget:
    """Implements the port Target. `clock` gives ns since 1970."""

    def __init__(self, place: Place, inventory: Inventory, clock: Callable[[], int] = time.time_ns) -> None:
        self._place, self._inventory, self._clock = place, inventory, clock

    def inventory(self) -> InventoryHead:
        """What we applied last."""
        with self._inventory.read() as book:
            return book.head() if book else InventoryHead()

    def inventory_entries(self) -> Iterator[tuple[bytes, Entry]]:
        """Everything that we own, in Git's order; after an interrupted apply, as far as that came."""
        with self._inventory.looking() as book:
            if not book.head().whole:
                self._recover(book)
            return iter(list(book.entries()))

    def look(self, wanted: Collection[bytes] = (), *, only: bool = False) -> LiveState:
        """Compare the directory with the inventory."""
        now = self._clock()
        with self._inventory.looking() as book:
            if not book.head().whole:
                self._recover(book)
            with self._live() as root:
                if only:
                    return observing.look_at(root, book, wanted)
                return observing.look_everywhere(root, book, self._inventory.git_dir, wanted, now)

    def read(self, path: bytes, limit: int) -> bytes | None:
        """Live content."""
        with self._live() as root:
            return root.read(path, limit) if root else None

    def apply(self, plan: Plan, desired: Desired, contents: Contents, watch: Watch) -> None:
        """Carry out the plan. Nothing is touched before the intent is written down."""
        with self._inventory.alone() as book:
            self._recover(book)
            with self._place.made() as root:
                steps = prepare(root, book, plan)
                token = secrets.token_hex(6)
                book.begin(plan.items, token, steps.folders)
                progress = Progress(watch, len(plan.work))
                with progress.accounted():
                    removed = Writer(root, contents, token, progress).carry_out(steps, book.made)
            book.finish(plan, desired.tree, desired.revision, left=removed)

    def record(self, plan: Plan, desired: Desired) -> None:
        """Bring the inventory to the desired state."""
        with self._inventory.alone() as book:
            self._recover(book)
            book.finish(plan, desired.tree, desired.revision)

    def forget(self) -> None:
        """Drop the inventory."""
        self._inventory.forget()

    # --- for layouts ---
    @contextmanager
    def _live(self) -> Iterator[Root | None]:
        """The directory that readers see."""
        root = self._place.open()
        try:
            yield root
        finally:
            if root:
                root.close()

    def _recover(self, book: Book) -> None:
        """Clean up after an interrupted apply, if there was one, and find out how far it came."""
        token = book.fact("applying")
        if token is None:
            return
        with self._live() as root:
            if root:
                census.sweep(root, token)
            book.recover(lambda path: root.examine(path).entry if root else None)


class Progress:
    """Counts paths, tells the watcher, and puts the count into the words of a failure."""

    def __init__(self, watch: Watch, total: int) -> None:
        self._watch, self._total, self._done = watch, total, 0

    def check(self) -> None:
        """Raises Terminated when the operation was told to stop."""
        self._watch.check()

    def step(self, path: bytes) -> None:
        """A path is done."""
        self._done += 1
        self._watch.progressed(self._done, self._total, path)

    @contextmanager
    def accounted(self) -> Iterator[None]:
        """Add to a failure what was changed before it."""
        try:
            yield
        except (TargetRefused, TargetUnreachable) as problem:
            text = (
                f"{problem.detail} {self._done} of {self._total} changes were made; the next sync goes on from there."
            )
            raise type(problem)(text) from problem
