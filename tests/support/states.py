"""Desired states without a repository behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

from app.domain.errors import SourceDamaged, WriteBackNotPossible
from app.domain.state.items import Change, Item, Key, Unsupported
from app.ports import ContentReader, Edits, LiveItems

Documents = Mapping[Key, tuple[Item, bytes]]


class MemoryReader:
    """Implements the port ContentReader over contents by digest, in pieces of 4 KiB."""

    def __init__(self, contents: Mapping[str, bytes]) -> None:
        self._contents = contents
        self.expected: list[Key] = []

    def expect(self, items: Sequence[tuple[Key, Item]]) -> None:
        self.expected += [key for key, _ in items]

    def write_to(self, key: Key, item: Item, write: Callable[[bytes], object]) -> int:
        if item.digest not in self._contents:
            raise SourceDamaged(f"there is no {key!r}")
        content = self._contents[item.digest]
        for start in range(0, len(content), 4096):
            write(content[start : start + 4096])
        return len(content)


@contextmanager
def nothing() -> Iterator[ContentReader]:
    yield MemoryReader({})


@dataclass
class GivenState:
    """Implements the port DesiredState: whatever a test says it is."""

    id: str
    revision: str
    listed: Callable[[], Iterable[tuple[Key, Item]]] = tuple
    opened: Callable[[], AbstractContextManager[ContentReader]] = nothing
    left_out: tuple[Unsupported, ...] = ()
    earlier: dict[str, tuple[Change, ...]] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        return not list(self.listed())

    def items(self) -> Iterable[tuple[Key, Item]]:
        return self.listed()

    def changes_since(self, id: str | None) -> tuple[Change, ...] | None:
        return self.earlier.get(id or "")

    def contents(self) -> AbstractContextManager[ContentReader]:
        return self.opened()

    def unsupported(self) -> tuple[Unsupported, ...]:
        return self.left_out

    def write_back(self, found: LiveItems) -> Edits:
        raise WriteBackNotPossible


def state_of(documents: Documents, id: str, revision: str = "") -> GivenState:
    """A state of items with their contents."""

    @contextmanager
    def opened() -> Iterator[ContentReader]:
        yield MemoryReader({item.digest: content for item, content in documents.values()})

    return GivenState(id, revision or id, lambda: [(key, documents[key][0]) for key in sorted(documents)], opened)
