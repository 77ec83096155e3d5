"""The comparison over a real store, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.domain.actor import token
from app.domain.audit import NewAuditEntry
from app.domain.environment import Environment, Mode, SourceSpec, TargetSpec
from app.domain.events import EventType, UnreadFact, about
from app.domain.identity import SYSTEM
from app.domain.noticing import CommitEnd, Noticer, Noticing
from app.domain.operation import Operation, OperationKind, Outcome, Phase, Request, Stage, StageName, Trigger
from app.queries.comparisons.comparison_queries import ComparisonQueries
from app.store import SqlStore, open_store, upgrade
from app.store.engine import open_engine
from app.targets.target_registry import CATALOGUE
from tests.support.installation import ME, Installation

pytestmark = pytest.mark.thorough

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Fixed:
    """A clock that stands still."""

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        raise AssertionError("a comparison has nothing to wait for")


def sync(environment: Environment, number: int, lead: float, trigger: Trigger) -> Operation:
    """Number `number` was committed that many minutes ago, noticed half-way, and live `lead` seconds later."""
    commit = NOW - timedelta(minutes=number)
    noticed, live = commit + timedelta(seconds=lead / 2), commit + timedelta(seconds=lead)
    told = commit - timedelta(seconds=0.5)  # the middle of the second counts
    ends = {StageName.COMMITTED: told, StageName.VISIBLE: noticed, StageName.NOTICED: noticed}
    stages = tuple(Stage(name, commit, ends.get(name, live)) for name in StageName)
    return Operation(
        id=f"{environment.name}-{number}",
        environment_id=environment.id,
        environment=environment.name,
        mode=environment.mode.value,
        request=Request(OperationKind.SYNC, trigger, "token:ci"),
        phase=Phase.SUCCEEDED,
        created_at=noticed,
        finished_at=live,
        revision=f"{number:040x}",
        outcome=Outcome.DEPLOYED,
        stages=stages,
    )


@pytest.fixture
def store(database_url: str, tmp_path: Path) -> Iterator[SqlStore]:
    """Two environments with three syncs each, one of them on record, a webhook that was missed and a commit passed."""
    engine = open_engine(database_url)
    upgrade(engine)
    engine.dispose()
    store = open_store(database_url, tmp_path / "key")
    with store.write() as tx:
        for mode, lead, trigger in ((Mode.PUSH, 4, Trigger.PIPELINE), (Mode.PULL, 20, Trigger.SCHEDULE)):
            source, target = SourceSpec("https://git.example/site.git"), TargetSpec("directory", {"path": "/srv"})
            bare = Environment(0, mode.value, mode, source, target, labels={"way": mode.value})
            one = tx.environments.add(bare)
            for number in (10, 20, 30):
                tx.operations.add(sync(one, number, lead, trigger))
            facts = {"revision": "f" * 40, "mode": mode.value}
            events = [about(one, UnreadFact(EventType.WEBHOOK_MISSED, facts))] if mode is Mode.PUSH else []
            passed = Noticing(
                one.id, one.name, mode.value, "f" * 40, NOW - timedelta(minutes=10), Noticer.POLL, seen=False,
                committed_at=NOW - timedelta(minutes=11, seconds=0.5), ending=CommitEnd.SUPERSEDED,
                ended_at=NOW - timedelta(minutes=10), superseded_by="e" * 40,
            )  # fmt: skip
            tx.noticings.add([passed] if mode is Mode.PULL else [])
            tx.ledger.append(NOW - timedelta(minutes=10), events)
        tx.audit.append(NOW, NewAuditEntry(token("ci"), "sync.finish", "operation:push-10", {"environment": "push"}))
    yield store
    store.close()


def test_a_secret_is_as_old_as_its_last_replacement(here: Installation) -> None:
    made = here.clock.now()
    for name in ("kept", "changed"):
        here.use_cases.keyring.add(name, "token", {"token": "one"}, ME)
    here.clock.pass_(86_400)
    here.use_cases.keyring.replace("changed", {"token": "two"}, ME)
    with here.store.read() as tx:
        found = tx.facts.secrets()
    assert found["kept"] - made < timedelta(minutes=1)
    assert found["changed"] - found["kept"] >= timedelta(days=1)


def test_a_token_is_as_old_as_the_one_that_is_valid(here: Installation) -> None:
    first, _ = here.use_cases.access.create_token("ci", ME)
    here.use_cases.access.revoke_token(first.id, ME)
    here.clock.pass_(86_400)
    second, _ = here.use_cases.access.create_token("ci", ME)
    with here.store.read() as tx:
        assert tx.facts.secrets()["token:ci"] == second.created_at
    here.use_cases.access.revoke_token(second.id, ME)
    with here.store.read() as tx:
        assert "token:ci" not in tx.facts.secrets()


def test_what_was_stored_is_compared(store: SqlStore) -> None:
    found = ComparisonQueries(store, Fixed(), CATALOGUE).compare(SYSTEM, "24h")
    values = {row.heading.key: (row.push.value, row.pull.value) for row in found.rows}
    assert values["lead_time"] == (4, 20)
    assert values["noticed"] == (2, 10)
    assert values["never_deployed"] == (0, 0.25)
    assert values["pipeline_dependence"] == (0.25, None)  # nothing was to bring a commit to the pulled one
    assert values["audit_completeness"] == (1 / 3, 0)
    assert [one.n for one in found.stages] == [3, 3]
    assert found.paired[0].sample == (-16, -16, -16)
    assert found.row("lead_time_all").pull.sample == (20, 20, 20, 80)


def test_labels_narrow_what_was_stored(store: SqlStore) -> None:
    found = ComparisonQueries(store, Fixed(), CATALOGUE).compare(SYSTEM, "24h", "way=pull")
    assert found.environments == {"push": 0, "pull": 1}
    assert (found.row("lead_time").push.n, found.row("lead_time").pull.n) == (0, 3)


def test_too_much_is_cut_to_the_newest(store: SqlStore) -> None:
    found = ComparisonQueries(store, Fixed(), CATALOGUE, limit=3).compare(SYSTEM, "24h")
    assert found.since == NOW - timedelta(minutes=20) + timedelta(seconds=20)
    assert (found.row("lead_time").push.n, found.row("lead_time").pull.n) == (1, 2)
    assert found.note.startswith("Only the newest 3 syncs are compared")


def test_a_commit_that_no_pipeline_brought_counts_against_push_and_into_its_lead_time(here: Installation) -> None:
    here.register("push", "shop")
    here.push()
    here.clock.pass_(60)
    here.repo.commit({"deploy/index.html": "two\n"}, when=int(here.clock.at.timestamp()))
    here.poll()  # its pipeline failed before it delivered
    last = here.repo.commit({"deploy/index.html": "three\n"}, when=int(here.clock.at.timestamp()))
    here.clock.pass_(5)
    here.push(last)
    (missed,) = here.events(EventType.PIPELINE_MISSED)
    assert missed.data["by"] == last
    found = here.queries.comparison.compare(SYSTEM)
    dependence = found.row("pipeline_dependence").push
    assert (dependence.value, dependence.n) == (0.5, 2)
    assert found.row("lead_time").push.n == 1
    assert found.row("lead_time_all").push.n == 2


def test_a_commit_whose_pipeline_is_only_late_counts_against_nobody(here: Installation) -> None:
    here.register("push", "shop")
    here.push()
    here.clock.pass_(60)
    late = here.repo.commit({"deploy/index.html": "two\n"}, when=int(here.clock.at.timestamp()))
    here.poll()
    here.push(here.repo.commit({"deploy/index.html": "three\n"}, when=int(here.clock.at.timestamp())))
    here.push(late)
    assert here.queries.comparison.compare(SYSTEM).row("pipeline_dependence").push.value == 0
