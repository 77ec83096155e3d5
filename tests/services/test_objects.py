"""Objects (keys to JSON documents, without traits) walk the road of files: no service knows what is delivered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.domain.errors import Terminated
from app.domain.events import EventType
from app.domain.identity import SYSTEM
from app.domain.operation import Outcome, Phase
from app.domain.state.items import Item
from app.domain.status import Divergence, Health, SyncStatus
from app.ports import CheckResult, OperationFilter
from app.services.environments.rollback import RollbackWish
from app.services.environments.write_back import WriteBackWish
from app.services.operations.health_and_hooks import unchecked
from app.services.operations.planning import observe_and_plan
from app.targets.target_dependencies import TargetDependencies
from app.targets.target_registry import KINDS
from app.wording.event_words import words_of
from app.wording.needs_words import need_of
from tests.support.delivery import Watcher
from tests.support.installation import ME, Installation
from tests.support.objects import Cluster, ObjectKind

WEB, DATABASE = b"apps/Deployment/shop/web", b"apps/StatefulSet/shop/db"


def document(**values: Any) -> str:
    return json.dumps(values)


class Objects(Installation):
    """An installation that knows objects."""

    def __init__(self, folder: Path, database_url: str) -> None:
        super().__init__(folder, database_url, [*KINDS, self._kind])

    def _kind(self, dependencies: TargetDependencies) -> ObjectKind:
        self.kind = ObjectKind(dependencies)
        return self.kind

    @property
    def cluster(self) -> Cluster:
        self.ports.targets.open(self.environment())
        return self.kind.clusters[self.environment().id]

    def live(self) -> dict[bytes, Any]:
        return {key: json.loads(text) for key, text in self.cluster.documents.items()}

    def declare(self, **documents: str | None) -> str:
        """Commit documents by the last part of their key."""
        full = {"web": WEB, "db": DATABASE}
        return self.repo.commit({f"deploy/{full[name].decode()}.json": text for name, text in documents.items()})


@pytest.fixture
def objects(tmp_path: Path) -> Iterator[Objects]:
    folder = tmp_path / "objects"
    folder.mkdir()
    made = Objects(folder, f"sqlite:///{folder}/store/store.db")
    made.declare(web=document(image="web:1", replicas=2), db=document(image="db:1"))
    made.register("push", kind="objects", auto_sync=False)
    yield made
    made.close()


def test_they_are_delivered_changed_and_pruned(objects: Objects) -> None:
    first = objects.deliver("push")
    assert (first.outcome, first.changes.created) == (Outcome.DEPLOYED, 2)
    assert objects.live() == {WEB: {"image": "web:1", "replicas": 2}, DATABASE: {"image": "db:1"}}
    second = objects.declare(web=document(image="web:2", replicas=2), db=None)
    ended = objects.deliver("push", second)
    assert (ended.changes.updated, ended.changes.deleted) == (1, 1)
    assert objects.live() == {WEB: {"image": "web:2", "replicas": 2}}
    target = objects.ports.targets.open(objects.environment())
    assert [(key, item.traits) for key, item in target.inventory_items()] == [(WEB, "")]
    assert target.inventory().revision == second


def test_layout_and_order_of_names_are_no_difference(objects: Objects) -> None:
    objects.deliver("push")
    same = objects.declare(web='{"replicas":2,\n "image": "web:1"}')
    assert objects.deliver("push", same).outcome is Outcome.FILTERED
    assert objects.refresh().outcome is Outcome.COMPARED


def test_drift_is_found_shown_healed_and_written_back(objects: Objects) -> None:
    first = objects.deliver("push").revision
    assert objects.refresh().outcome is Outcome.COMPARED
    cluster = objects.cluster
    cluster.documents[WEB] = b'{"image": "web:1", "replicas": 5}'
    del cluster.documents[DATABASE]
    cluster.documents[b"stranger"] = b"{}"
    assert objects.refresh().outcome is Outcome.OUT_OF_SYNC
    assert objects.environment().status.divergence is Divergence.DRIFT
    with objects.store.read() as tx:
        report = tx.drift.get(objects.environment().id)
    assert report is not None
    assert [(one.path, one.change.value) for one in report.items] == [
        (WEB.decode(), "changed"), (DATABASE.decode(), "missing")
    ]  # fmt: skip
    assert '"replicas": 2' in (report.items[0].diff or "")
    assert (report.unmanaged, report.unmanaged_count) == (("stranger",), 1)
    objects.use_cases.drift.heal("shop", ME)
    (healed,) = objects.run()
    assert healed.outcome is Outcome.HEALED
    assert objects.live() == {
        WEB: {"image": "web:1", "replicas": 2}, DATABASE: {"image": "db:1"}, b"stranger": {}
    }  # fmt: skip
    cluster.documents[WEB] = b'{"image": "web:1", "replicas": 7}'
    objects.refresh()
    commit = objects.use_cases.drift.write_back("shop", WriteBackWish(), ME).revision
    assert commit.sha != first
    assert json.loads(objects.repo.git("show", f"main:deploy/{WEB.decode()}.json"))["replicas"] == 7
    (recorded,) = objects.run()
    assert recorded.phase is Phase.SUCCEEDED
    assert objects.environment().status.sync is SyncStatus.SYNCED


def test_a_rollback_is_previewed_and_goes_back(objects: Objects) -> None:
    first = objects.deliver("push").revision
    objects.deliver("push", objects.declare(web=document(image="web:2"), db=None))
    shown = objects.use_cases.previews.show("shop", first)
    assert [(one["path"], one["action"]) for one in shown.items] == [
        (WEB.decode(), "update"), (DATABASE.decode(), "create")
    ]  # fmt: skip
    assert '-  "image": "web:2"' in shown.items[0]["diff"]
    assert '+  "image": "web:1",' in shown.items[0]["diff"]
    objects.use_cases.rollback.back("shop", RollbackWish(first), ME)
    (back,) = objects.run()
    assert back.outcome is Outcome.ROLLED_BACK
    assert objects.live()[WEB] == {"image": "web:1", "replicas": 2}


def test_the_targets_own_health_counts(objects: Objects) -> None:
    objects.deliver("push")
    objects.cluster.health = CheckResult(Health.DEGRADED, "0 of 2 replicas are ready")
    objects.refresh()
    assert objects.environment().status.health is Health.DEGRADED
    ended = objects.deliver("push", objects.declare(web=document(image="web:2")))
    assert (ended.phase, ended.reason) == (Phase.FAILED, "live, but not healthy: 0 of 2 replicas are ready")
    objects.cluster.health = CheckResult(Health.HEALTHY, "2 of 2 replicas are ready")
    objects.refresh()
    assert objects.environment().status.health is Health.HEALTHY


def test_what_is_no_document_is_refused_before_anything_happens(objects: Objects) -> None:
    objects.deliver("push")
    ended = objects.deliver("push", objects.declare(web="{"))
    assert ended.phase is Phase.ERROR
    assert "is not a JSON document" in ended.reason
    assert objects.live()[WEB] == {"image": "web:1", "replicas": 2}


def test_an_emptied_state_is_refused_in_the_kinds_words(objects: Objects) -> None:
    objects.deliver("push")
    ended = objects.deliver("push", objects.declare(web=None, db=None))
    assert ended.outcome is Outcome.REFUSED
    assert "'deploy' holds no objects at" in ended.reason
    assert objects.live().keys() == {WEB, DATABASE}


def test_what_was_done_is_told_in_the_kinds_words(objects: Objects) -> None:
    assert objects.deliver("push").reason == "2 objects created"
    assert objects.deliver("push", objects.declare(web=document(image="web:2"))).reason == "1 object updated"
    assert unchecked(objects.ports, objects.environment()).detail.endswith("; the objects are in place")
    objects.cluster.documents[WEB] = document(image="web:9").encode()
    objects.refresh()
    operations = objects.queries.operations
    last = operations.page(SYSTEM, OperationFilter(), 1, None).items[0]
    assert operations.nouns(SYSTEM, last) == ("object", "objects")
    (event,) = objects.events(EventType.DRIFT_DETECTED)
    assert words_of(event, event.fact, "object")[0] == "Drift found in 1 object"
    need = need_of(objects.environment(), objects.clock.now(), objects.ports.targets.kinds())
    assert need is not None
    assert need.words == "has drifted: 1 object"


def test_an_interrupted_apply_is_known_and_goes_on(objects: Objects) -> None:
    objects.deliver("push")
    second = objects.declare(web=document(image="web:2"), db=document(image="db:2"))
    environment = objects.environment()
    objects.ports.sources.open(objects.url).fetch()
    state = objects.ports.desired.at(environment, second)
    target = objects.ports.targets.open(environment)
    _, plan = observe_and_plan(environment, target, target.inventory(), state, objects.clock.now(), whole=False)
    with pytest.raises(Terminated):
        target.apply(plan, state, Watcher(stop_after=1))
    assert not target.inventory().whole
    owned = dict(target.inventory_items())
    assert all(isinstance(item, Item) and not item.traits for item in owned.values())
    live, plan = observe_and_plan(environment, target, target.inventory(), state, objects.clock.now(), whole=False)
    assert (plan.drift, len(plan.work), live.unmanaged_count) == ((), 1, 0), "an interrupted delivery is not drift"
    assert objects.deliver("push", second).phase is Phase.SUCCEEDED
    assert objects.live() == {WEB: {"image": "web:2"}, DATABASE: {"image": "db:2"}}


def test_a_shadow_of_objects_touches_nothing(objects: Objects) -> None:
    objects.register("push", "shade", kind="objects", auto_sync=False, observe=True)
    ended = objects.push(None, "shade")
    assert (ended.outcome, ended.reason.endswith("2 created")) == (Outcome.OBSERVED, True)
    assert objects.kind.clusters[objects.environment("shade").id].documents == {}
