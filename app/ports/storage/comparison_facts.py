"""What the push-against-pull comparison is computed from."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol

from app.comparison.delivery_facts import CommitFact, DeliveryFact, PollFact
from app.domain.environment import Environment
from app.domain.state.drift import Episode

__all__ = ["CommitFact", "ComparisonFacts", "DeliveryFact", "PollFact"]


class ComparisonFacts(Protocol):
    """What the comparison is computed from. Labels narrow to environments that carry all of them. Shadows deliver
    nothing, and are left out."""

    def within(self, environment_id: int) -> ComparisonFacts:
        """The same facts, of one environment alone."""
        ...

    def without(self, environment_ids: Collection[int]) -> ComparisonFacts:
        """The same facts, of all environments but these."""
        ...

    def deliveries(self, since: datetime, until: datetime, labels: Mapping[str, str]) -> tuple[DeliveryFact, ...]:
        """Syncs whose finished_at lies in [since, until), oldest first."""
        ...

    def start(self, since: datetime, until: datetime, labels: Mapping[str, str], limit: int) -> datetime:
        """From when on `deliveries` holds the newest `limit` syncs; `since` where it holds fewer."""
        ...

    def episodes(self, since: datetime, until: datetime, labels: Mapping[str, str]) -> tuple[Episode, ...]:
        """Episodes whose detected_at lies in [since, until), oldest first."""
        ...

    def environments(self, labels: Mapping[str, str]) -> tuple[Environment, ...]:
        """Environments that deliver (shadows are left out), by name."""
        ...

    def decisions(self, since: datetime, until: datetime, labels: Mapping[str, str]) -> Mapping[tuple[str, str], int]:
        """{(mode, outcome): number} of recorded decisions."""
        ...

    def audited(self, since: datetime, until: datetime, labels: Mapping[str, str]) -> frozenset[str]:
        """The operations of `deliveries` that have an audit entry naming who started them."""
        ...

    def superseded(self, since: datetime, until: datetime, labels: Mapping[str, str]) -> tuple[CommitFact, ...]:
        """Noticed commits that a newer one superseded within [since, until), in the order of their end."""
        ...

    def missed(self, since: datetime, until: datetime, labels: Mapping[str, str]) -> tuple[CommitFact, ...]:
        """Commits whose webhook never came (`webhook.missed`) or, in a push environment, that nobody brought before
        something newer took their place (`pipeline.missed`); the events hold the `revision` in their data."""
        ...

    def first_live(self, labels: Mapping[str, str]) -> Mapping[str, datetime]:
        """{environment: when a revision first went live there, ever}; environments without one are left out."""
        ...

    def polls(self, since: datetime, until: datetime) -> tuple[PollFact, ...]:
        """Runs of polls of all repositories that reach into [since, until), oldest first; results as in Poll."""
        ...

    def secrets(self) -> Mapping[str, datetime]:
        """{name of a stored credential, or "token:NAME": when it was made or last replaced}; of tokens with the same
        name the oldest."""
        ...

    def webhooks(self, since: datetime, until: datetime) -> Mapping[str, int]:
        """{state of a Delivery, or "missed" for a commit that no delivery announced: number} within [since, until)."""
        ...
