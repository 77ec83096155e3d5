"""A branch of what stood on a target: an episode's changes as a commit, also after a delivery has overwritten them."""

from __future__ import annotations

from contextlib import suppress

from app.domain.actor import Actor
from app.domain.environment import Environment
from app.domain.errors import EnvironmentNotFound, InvalidInput, NothingToWriteBack, WriteBackNotPossible
from app.domain.events import about
from app.domain.events.environment_events import DriftWrittenBack
from app.domain.state.drift import Episode
from app.domain.state.episode_report import KeptContent
from app.domain.state.items import Item, printable
from app.ports import Ports, Source, topics
from app.services.environments.write_back import WriteBackWish, WrittenBack
from app.services.environments.write_back_commit import (
    NAMED,
    Found,
    LeftOut,
    commit_onto,
    edits_of,
    written_back_entry,
)
from app.services.relay import elsewhere


class EpisodeBranches:
    """Makes branches of the contents that episodes keep."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def make(self, id: int, wish: WriteBackWish, actor: Actor) -> WrittenBack:
        """Commit what an episode found, on the revision that was live then, onto a branch of its own.

        Raises EpisodeNotFound, NothingToWriteBack, SecretsNotIncluded, WriteBackConflict, WriteBackNotPossible,
        InvalidInput, PushRejected, SourceUnreachable.
        """
        with self._ports.store.read() as tx:
            episode = tx.episodes.get(id)
            try:
                environment = tx.environments.by_id(episode.environment_id)
            except EnvironmentNotFound:
                raise WriteBackNotPossible(f"{episode.environment} was deleted, and its repository with it.") from None
            contents = tx.episodes.contents(id)
        if elsewhere(self._ports, environment):
            raise WriteBackNotPossible(f"{environment.name} runs on an agent, whose contents stay where they are.")
        source = self._ports.sources.open(environment.source.repo_url, environment.source.credential)
        source.fetch()
        branch = _own_branch(source, environment, wish.branch or f"drift/{environment.name}-{id}")
        found = self._found(environment, episode, contents, wish)
        said = wish.message or f"What was changed by hand on {environment.name}, found {episode.detected_at:%Y-%m-%d}"
        commit = commit_onto(source, branch, found, said, actor)
        waits = f"It waits on {branch} until somebody merges it; nothing on the target changes."
        now = self._ports.clock.now()
        with self._ports.store.write() as tx:
            tx.audit.append(now, written_back_entry(environment, branch, commit, found, actor, id))
            told = DriftWrittenBack(id, commit.sha, branch, actor, found.paths[:NAMED], waits)
            tx.ledger.append(now, [about(environment, told)])
        self._ports.notifier.notify(topics(environment))
        return WrittenBack(commit, branch, None, waits, found.left_out)

    def _found(
        self, environment: Environment, episode: Episode, contents: tuple[KeptContent, ...], wish: WriteBackWish
    ) -> Found:
        chosen = [one for one in contents if not wish.paths or printable(one.key) in wish.paths]
        if not chosen or episode.revision is None:
            raise NothingToWriteBack(f"No contents of episode {episode.id} are kept, only their differences.")
        kept: dict[bytes, tuple[Item, bytes] | None] = {}
        left_out: list[LeftOut] = []
        for one in chosen:
            path = printable(one.key)
            if one.secret_lines == 0 or path in wish.include_secrets:
                kept[one.key] = one.there
            else:
                left_out.append(LeftOut(path, one.secret_lines))
        state = self._ports.desired.at(environment, episode.revision)
        edits = edits_of(state.write_back, kept, left_out)
        return Found(episode.revision, edits, tuple(left_out), tuple(map(printable, kept)))


def _own_branch(source: Source, environment: Environment, wanted: str) -> str:
    """The branch to commit to. Raises InvalidInput where the environment follows it, and would deliver the commit."""
    branch, followed = source.branch(wanted), ""
    with suppress(InvalidInput):  # it follows a tag or a commit
        followed = source.branch(environment.source.ref)
    if branch == followed:
        raise InvalidInput(fields={"branch": f"must be a branch of its own: {environment.name} follows {branch}"})
    return branch
