"""What is written down for good: events, the audit log, drift episodes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from app.domain.audit import AuditEntry as AuditEntry
from app.domain.audit import NewAuditEntry
from app.domain.environment import Environment
from app.domain.events import Event, EventType, NewEvent
from app.domain.state.drift import DriftReport, Ending, Episode
from app.domain.state.episode_report import EpisodeReport, KeptContent
from app.ports.storage.pages import Page


class Ledger(Protocol):
    """Events, appended in the transaction of what they tell."""

    def append(self, at: datetime, events: Iterable[NewEvent]) -> tuple[Event, ...]:
        """Append events with ids that grow; returns them as stored. `at` (UTC) is the time of all of them."""
        ...

    def page(
        self,
        after: int = 0,
        limit: int = 100,
        *,
        environment_id: int | None = None,
        operation: str | None = None,
        types: Collection[EventType] = (),
        newest_first: bool = False,
        before: int | None = None,
    ) -> tuple[Event, ...]:
        """Events with id > after (oldest first), or with id < before (newest first)."""
        ...

    def last_id(self) -> int:
        """The id of the newest event; 0 where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What the audit log may be narrowed by; texts match exactly, except `search`."""

    environment: str = ""
    actor: str = ""
    action: str = ""
    search: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed statement that the chain's entry `seq` has this hash. `signature` is Ed25519 over "seq:hash", hex;
    `voucher` says that a server of this installation holds the key ("" in checkpoints of older versions)."""

    seq: int
    hash: str
    at: datetime
    signature: str
    public_key: str
    voucher: str = ""


@dataclass(frozen=True, slots=True)
class KeptHead:
    """An entry that this installation knows of outside its database. `kind`: "head" (it was the chain's end), "seal"
    (we signed a checkpoint there), or "key": `hash` is the fingerprint of another key that was accepted."""

    seq: int
    hash: str
    kind: str = "head"


class HeadKeeper(Protocol):
    """Keeps heads of the audit chain where the database's owner cannot write."""

    def kept(self) -> tuple[KeptHead, ...]:
        """What is kept; empty where nothing ever was."""
        ...

    def note(self, seq: int, hash: str) -> None:
        """Keep another head, after its transaction."""
        ...

    def keep(self, heads: tuple[KeptHead, ...]) -> None:
        """Keep these in the place of all others, also through a loss of power."""
        ...


class Audit(Protocol):
    """The append-only, hash-chained log."""

    def append(self, at: datetime, entry: NewAuditEntry) -> AuditEntry:
        """Serialised over all processes: seq has no gaps."""
        ...

    def page(self, where: AuditFilter, limit: int, after: int | None) -> Page[AuditEntry]:
        """Newest first; `after` is the seq to continue below."""
        ...

    def walk(self, where: AuditFilter | None = None, after: int = 0) -> Iterator[AuditEntry]:
        """Oldest first, streamed in batches, behind the entry numbered `after`."""
        ...

    def head(self) -> AuditEntry | None:
        """The newest entry; None where the log is empty."""
        ...

    def add_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Store a signed checkpoint of the chain."""
        ...

    def checkpoints(self) -> tuple[Checkpoint, ...]:
        """All signed checkpoints, oldest first."""
        ...

    def actors(self) -> tuple[str, ...]:
        """Every actor that the log names, sorted."""
        ...

    def actions(self) -> tuple[str, ...]:
        """Every action that the log names, sorted."""
        ...


class Episodes(Protocol):
    """Drift episodes; at most one is open per environment."""

    def open_one(
        self,
        environment: Environment,
        last_good_at: datetime | None,
        at: datetime,
        paths: Sequence[str],
        count: int,
    ) -> Episode:
        """Open an episode of an environment that has none open. `last_good_at`: when live was last seen to equal the
        inventory (None: never); `paths` a bounded sample of `count` drifted items."""
        ...

    def update(self, id: int, paths: Sequence[str], count: int) -> None:
        """Replace what drifted in an open episode: a bounded sample, and the number of all."""
        ...

    def acknowledge(self, id: int, by: str, at: datetime) -> None:
        """Note who has seen the episode, and when (UTC)."""
        ...

    def end(self, id: int, at: datetime, ending: Ending, by: str, operation: str | None = None) -> None:
        """End an open episode. `by`: an actor, or "outside" where somebody else put the target right; `operation`: the
        id of the run that ended it, or that found it ended."""
        ...

    def keep(self, id: int, report: EpisodeReport) -> None:
        """Replace what an episode keeps of its changes."""
        ...

    def kept(self, id: int) -> EpisodeReport | None:
        """What an episode keeps of its changes; None where nothing was kept, as in those of older versions."""
        ...

    def keep_contents(self, id: int, found: Sequence[KeptContent]) -> None:
        """Keep what stood at keys, encrypted, in place of what stood there before; what is beyond the bounds of an
        episode is left out, and so are the contents of an environment's older episodes."""
        ...

    def contents(self, id: int) -> tuple[KeptContent, ...]:
        """The contents that an episode keeps, sorted by key; what the key of secrets does not open is left out."""
        ...

    def get(self, id: int) -> Episode:
        """An episode, open or ended. Raises EpisodeNotFound."""
        ...

    def current(self, environment_id: int) -> Episode | None:
        """The environment's open episode; None where there is none."""
        ...

    def page(
        self, environment_id: int | None, limit: int, after: int | None, *, open_only: bool = False
    ) -> Page[Episode]:
        """Episodes of one environment, or of all with None, newest first; `after` is the id to continue below."""
        ...


class DriftItems(Protocol):
    """What the last full comparison found different, kept so that pages need not scan again."""

    def put(self, environment_id: int, checked_at: datetime, report: DriftReport) -> None:
        """Replace the environment's report. `checked_at`: when the target was looked at."""
        ...

    def get(self, environment_id: int) -> DriftReport | None:
        """The last report; None where the environment was never compared."""
        ...
