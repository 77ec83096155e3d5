"""What an environment should be: a desired state, made from a revision in Git as its target needs it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from app.domain.environment import Environment
from app.domain.state.items import Change, Item, Key, Unsupported
from app.ports.sources import Edits

LiveItems = Mapping[Key, tuple[Item, bytes] | None]  # what stands at keys, with its content; None where nothing does


class ContentReader(Protocol):
    """Contents of a state's items, streamed. Several threads may share one; they take turns."""

    def expect(self, items: Sequence[tuple[Key, Item]]) -> None:
        """These will be read next, in this order, so that nobody waits for each in turn. Only a hint: others may be
        read as well, and slower."""
        ...

    def write_to(self, key: Key, item: Item, write: Callable[[bytes], object]) -> int:
        """Pass the bytes of an item that its state listed on to `write`, in chunks; return their number.

        Raises SourceDamaged where they are missing, SourceRefused where they are more than is allowed.
        """
        ...


class DesiredState(Protocol):
    """What one environment should be at one revision. Nothing here touches the network, and everything may block.

    Raises SourceDamaged or SourceRefused where the state cannot be made.
    """

    @property
    def id(self) -> str:
        """Opaque text: two states of one environment with equal ids are the same. Other ids may still hide the same
        state, which a comparison then finds out."""
        ...

    @property
    def revision(self) -> str:
        """The full id of the commit that it was made from."""
        ...

    @property
    def empty(self) -> bool:
        """Whether it holds no items, told without listing any."""
        ...

    def items(self) -> Iterable[tuple[Key, Item]]:
        """All items with their keys, sorted by key. Costs time in proportion to their number."""
        ...

    def changes_since(self, id: str | None) -> tuple[Change, ...] | None:
        """What differs between the state with another id (None: one that holds nothing) and this one, sorted by key.

        None where that cannot be told without listing both; the caller does that then.
        """
        ...

    def contents(self) -> AbstractContextManager[ContentReader]:
        """Open the contents of its items; kept open while many are read."""
        ...

    def unsupported(self) -> tuple[Unsupported, ...]:
        """What the revision declares and this state does not deliver as it is meant, sorted by key."""
        ...

    def write_back(self, found: LiveItems) -> Edits:
        """The edits of the repository after which a state like this one holds what was found on the target.

        Raises WriteBackNotPossible where no edit of the repository has that effect.
        """
        ...


class DesiredStates(Protocol):
    """Desired states of environments. A revision is the full id of a commit in the mirror; raises RevisionNotFound for
    any other, and InvalidInput where the environment's path names no directory."""

    def id_at(self, environment: Environment, revision: str) -> str:
        """The id of the environment's desired state at a revision; cheaper than the state itself."""
        ...

    def at(self, environment: Environment, revision: str, id: str | None = None) -> DesiredState:
        """The desired state at a revision. With `id`, which somebody noted earlier for this revision, nothing is made
        or checked before it is asked for."""
        ...

    def revert(self, environment: Environment, onto: str, to: str) -> Edits:
        """The edits of the repository on top of the revision `onto` after which the desired state equals the one of the
        revision `to`; empty where both are the same."""
        ...
