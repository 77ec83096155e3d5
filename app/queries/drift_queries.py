"""Queries about drift: one target's drift report, and the episodes of one environment or of all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from app.domain.environment import Environment, IgnoreRule, TargetSpec
from app.domain.errors import EnvironmentNotFound, EpisodeNotFound, OperationNotFound
from app.domain.events import Event, EventType
from app.domain.events.environment_events import DriftChanged, DriftWrittenBack
from app.domain.identity import Identity
from app.domain.operation import Operation
from app.domain.state.drift import DriftReport, Episode, acceptance
from app.domain.state.episode_report import EpisodeReport, KeptContent
from app.ports import Page, Ports, Transaction
from app.queries.visibility import may_see, visible_environment

_ANY = datetime.min.replace(tzinfo=UTC)  # of a rule without an end
ANSWERS = 200  # of an environment that are looked through for those to one episode


@dataclass(frozen=True, slots=True)
class EnvironmentDrift:
    """The report of the last full comparison, None before the first one."""

    environment: Environment
    report: DriftReport | None


@dataclass(frozen=True, slots=True)
class DriftEverywhere:
    """The open episodes of all environments, and a page of all episodes. `known`: there is any environment."""

    open: Page[Episode]
    page: Page[Episode]
    known: bool


@dataclass(frozen=True, slots=True)
class EpisodeRecord:
    """An episode with what it keeps of its changes (None: nothing was kept), the answers to it, and what ended it.

    `environment`: None where it was deleted since. `written_back`: what was committed of it, oldest first;
    `healed`: what was put right while the rest was left; `rules`: those that accept one of its paths now;
    `operation`: the run that ended it, or found it ended, if it is still known.
    `nouns`: one and many of what its environment is given; `contents`: those that a branch can be made of.
    """

    episode: Episode
    report: EpisodeReport | None
    environment: Environment | None
    written_back: tuple[Event, ...]
    healed: tuple[Event, ...]
    rules: tuple[IgnoreRule, ...]
    operation: Operation | None
    nouns: tuple[str, str]
    contents: tuple[KeptContent, ...]


class DriftQueries:
    """Reads drift reports and episodes."""

    def __init__(self, ports: Ports) -> None:
        self._store, self._targets = ports.store, ports.targets

    def of_environment(self, identity: Identity, name: str) -> EnvironmentDrift:
        """An environment's drift report. Raises EnvironmentNotFound."""
        with self._store.read() as tx:
            environment = visible_environment(tx, identity, name)
            return EnvironmentDrift(environment, tx.drift.get(environment.id))

    def episodes(self, identity: Identity, name: str, limit: int, after: int | None) -> Page[Episode]:
        """An environment's episodes, newest first. Raises EnvironmentNotFound."""
        with self._store.read() as tx:
            return tx.episodes.page(visible_environment(tx, identity, name).id, limit, after)

    def episode(self, identity: Identity, id: int) -> EpisodeRecord:
        """One episode, open or ended. Raises EpisodeNotFound."""
        with self._store.read() as tx:
            episode = tx.episodes.get(id)
            environment = _environment(tx, identity, episode)
            report = tx.episodes.kept(id)
            paths = [one.item.path for one in report.items] if report else list(episode.paths)
            return EpisodeRecord(
                episode,
                report,
                environment,
                _answers(tx, episode, EventType.DRIFT_WRITTEN_BACK),
                tuple(one for one in _answers(tx, episode, EventType.DRIFT_CHANGED) if one.data.get("healed")),
                _accepting(environment, paths) if environment else (),
                _operation(tx, episode),
                self._targets.kinds().nouns(environment.target if environment else TargetSpec("")),
                tx.episodes.contents(id) if environment else (),
            )

    def all_episodes(
        self, identity: Identity, name: str, limit: int, after: int | None, *, open_only: bool = False
    ) -> Page[Episode]:
        """Episodes, newest first: of one environment, or of all where `name` is "". Raises EnvironmentNotFound."""
        with self._store.read() as tx:
            of = visible_environment(tx, identity, name).id if name else None
            return tx.episodes.page(of, limit, after, open_only=open_only)

    def everywhere(self, identity: Identity, open_limit: int, limit: int, after: int | None) -> DriftEverywhere:
        """Open episodes first, at most `open_limit`; then a page of all, newest first."""
        with self._store.read() as tx:
            return DriftEverywhere(
                tx.episodes.page(None, open_limit, None, open_only=True),
                tx.episodes.page(None, limit, after),
                bool(tx.environments.addresses()),
            )


def _environment(tx: Transaction, identity: Identity, episode: Episode) -> Environment | None:
    """An episode's environment; None where it is gone. Raises EpisodeNotFound where the identity may not see it."""
    try:
        found = tx.environments.by_id(episode.environment_id)
    except EnvironmentNotFound:
        return None
    if not may_see(identity, found):
        raise EpisodeNotFound.numbered(episode.id)
    return found


def _answers(tx: Transaction, episode: Episode, kind: EventType) -> tuple[Event, ...]:
    """The events of a type that tell of an episode, oldest first."""
    told = tx.ledger.page(environment_id=episode.environment_id, types=(kind,), newest_first=True, limit=ANSWERS)
    known = (DriftWrittenBack, DriftChanged)
    of = [one for one in told if isinstance(one.fact, known) and one.fact.episode == episode.id]
    return tuple(reversed(of))


def _accepting(environment: Environment, paths: list[str]) -> tuple[IgnoreRule, ...]:
    """The rules that accept one of the paths, whether they have expired or not."""
    keys = [path.encode() for path in paths]
    lasting = ((rule, replace(rule, expires_at=None)) for rule in environment.policy.ignore)
    return tuple(rule for rule, always in lasting if any(map(acceptance([always], _ANY), keys)))


def _operation(tx: Transaction, episode: Episode) -> Operation | None:
    try:
        return tx.operations.get(episode.operation) if episode.operation else None
    except OperationNotFound:
        return None
