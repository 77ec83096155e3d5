"""What two servers, each with mirrors and inventories of its own, must know of each other's work."""

from __future__ import annotations

import pytest

from app import __version__
from app.domain.errors import CredentialInUse, EnvironmentChanged, InvalidInput, OperationFinished, Problem
from app.domain.events import EventType
from app.domain.operation import OperationKind, Phase, Request, Trigger
from app.services.environments.rollback import RollbackWish
from tests.races.conftest import Pair
from tests.support.installation import ME, Installation
from tests.support.interleaving import Cut, Deed, tried
from tests.support.invariants import broken, records_broken


class Answers:
    """Problems that deeds were answered with."""

    def __init__(self) -> None:
        self.kinds: list[type[Problem]] = []

    def of(self, deed: Deed) -> Deed:
        """The deed, its problem noted."""

        def noted() -> None:
            problem = tried(deed)
            self.kinds += [type(problem)] if problem else []

        return noted


def names(here: Installation) -> set[str]:
    return {path.name for path in (here.servers / "shop").iterdir() if not path.name.startswith(".")}


def test_what_one_server_delivered_is_pruned_by_the_other(pair: Pair) -> None:
    pair.one.register("push")
    for server, commit in zip((pair.one, pair.two, pair.one), pair.commits, strict=True):
        assert server.push(commit).phase is Phase.SUCCEEDED
    assert names(pair.one) == {"2", "index.html"}
    assert broken(pair.two) == []


def test_a_server_that_has_not_fetched_moves_nothing_back(pair: Pair) -> None:
    pair.one.register("pull")
    pair.one.poll()
    pair.two.poll()
    newest = pair.one.repo.commit({"deploy/index.html": "newest"})
    pair.one.poll()  # and what the other one knows of Git is out of date now
    pair.two.poll()
    pair.two.refresh(trigger=Trigger.SCHEDULE)
    status = pair.one.environment().status
    assert (status.noticed, status.revision) == (newest, newest)
    assert not [one for one in pair.one.events(EventType.REF_MOVED) if one.data.get("forced")]


def test_a_rollback_is_possible_on_either_server(pair: Pair) -> None:
    pair.delivered("shop", again=True)
    assert pair.two.use_cases.rollback.preview("shop", None).revision.sha == pair.commits[0]
    pair.two.use_cases.rollback.back("shop", RollbackWish(None, "pin", "bad"), ME)
    pair.settle()
    assert pair.one.environment().status.revision == pair.commits[0]
    assert names(pair.one) == {"0", "index.html"}


def test_of_two_edits_with_one_version_one_is_refused(pair: Pair) -> None:
    pair.one.register("push")
    refused = Answers()

    def edit(here: Installation, label: str) -> Deed:
        return refused.of(lambda: here.use_cases.registration.edit("shop", {"labels": {"by": label}}, ME, version=1))

    with Cut(pair.one, edit(pair.two, "two"), 1, inside=True)():
        edit(pair.one, "one")()
    assert refused.kinds == [EnvironmentChanged]
    assert pair.one.environment().version == 2


def test_of_two_nested_targets_one_is_refused(pair: Pair) -> None:
    values = {
        "name": "inner",
        "mode": "push",
        "source": {"repo_url": pair.one.url, "ref": "main", "path": "deploy"},
        "target": {"kind": "directory", "path": str(pair.one.servers / "shop" / "inner")},
    }
    refused = Answers()
    with Cut(pair.one, refused.of(lambda: pair.two.use_cases.registration.create(values, ME)), 1, inside=True)():
        pair.one.register("push", "shop")
    assert refused.kinds == [InvalidInput]


@pytest.mark.parametrize(
    ("kind", "trigger"), [(OperationKind.SYNC, Trigger.MANUAL), (OperationKind.REFRESH, Trigger.SCHEDULE)]
)
def test_a_deleted_environment_leaves_nothing_queued(pair: Pair, kind: OperationKind, trigger: Trigger) -> None:
    pair.one.register("push")
    with Cut(pair.one, lambda: pair.two.ask(Request(kind, trigger, str(ME))), 1, inside=True)():
        pair.one.use_cases.registration.remove("shop", ME)
    assert broken(pair.one) == []


def test_two_terminations_write_one_end(pair: Pair) -> None:
    pair.one.register("push")
    asked = pair.one.ask(Request(OperationKind.SYNC, Trigger.MANUAL, str(ME)))
    refused = Answers()

    def stop(here: Installation) -> Deed:
        return refused.of(lambda: here.use_cases.queue.terminate(asked.id, ME))

    with Cut(pair.one, stop(pair.two), 1, inside=True)():
        stop(pair.one)()
    assert refused.kinds == [OperationFinished]
    assert records_broken(pair.one) == []


def test_two_agents_get_two_names(pair: Pair) -> None:
    for name in ("here", "there"):
        values = {
            "name": name,
            "mode": "pull",
            "runs_on": "agent",
            "source": {"repo_url": "https://git.example.com/shop.git", "ref": "main", "path": "deploy"},
            "target": {"kind": "directory", "path": f"/srv/{name}"},
        }
        pair.one.use_cases.registration.create(values, ME)
    (_, first), (_, second) = (pair.one.use_cases.agents.enrolling.token([name], ME) for name in ("here", "there"))
    enrolled = []

    def enroll(here: Installation, token: str) -> None:
        enrolled.append(here.use_cases.agents.enrolling.enroll(token, "web", __version__, None).agent.name)

    with Cut(pair.one, lambda: enroll(pair.two, second), 1, inside=True)():
        enroll(pair.one, first)
    assert sorted(enrolled) == ["web", "web-2"]


def test_a_credential_that_begins_to_be_used_stays(pair: Pair) -> None:
    pair.delivered("shop", again=False)
    refused = Answers()
    with Cut(pair.one, refused.of(lambda: pair.two.use_cases.keyring.remove("key", ME)), 1, inside=True)():
        pair.one.use_cases.registration.edit("shop", {"source": {"credential": "key"}}, ME)
    assert refused.kinds == [CredentialInUse]


def test_a_credential_that_was_just_removed_is_not_begun_to_be_used(pair: Pair) -> None:
    pair.delivered("shop", again=False)
    cut = Cut(pair.one, lambda: pair.two.use_cases.keyring.remove("key", ME), 1)
    with cut(), pytest.raises(InvalidInput, match="there is no credential 'key'"):
        pair.one.use_cases.registration.edit("shop", {"source": {"credential": "key"}}, ME)


def test_an_operation_of_a_deleted_environment_can_be_stopped(pair: Pair) -> None:
    """An earlier version left such operations behind."""
    pair.one.register("push")
    asked = pair.one.ask(Request(OperationKind.SYNC, Trigger.MANUAL, str(ME)))
    with pair.one.store.write() as tx:
        tx.environments.remove(asked.environment_id)
    assert pair.two.use_cases.queue.terminate(asked.id, ME).phase is Phase.TERMINATED
