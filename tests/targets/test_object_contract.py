"""What every target that takes objects must do: JSON documents by key. Files have a contract of their own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from app.domain.errors import SourceDamaged, Terminated
from app.domain.specification.target_kind import Takes
from app.domain.state.items import Change, Item, Key
from app.domain.state.json_documents import canonical, document_item
from app.domain.state.plan import Action, Drift, InventoryHead, LiveState, Plan, compare
from app.ports import Target
from tests.support.delivery import Watcher
from tests.support.states import GivenState, state_of

Documents = Mapping[Key, bytes]


def document(**said: Any) -> bytes:
    return json.dumps(said).encode()


FIRST: dict[Key, bytes] = {
    b"Service/web": document(port=80, selector={"app": "web"}),
    b"apps/Deployment/web": document(image="web:1", replicas=2),
    b"apps/Deployment/worker": document(image="worker:1"),
    "ConfigMap/\u00fcn\u00ef".encode(): document(text="ein \u00fc", empty=None, list=[1, 2.5, True]),
}
SECOND: dict[Key, bytes] = {
    **{key: FIRST[key] for key in FIRST if key != b"apps/Deployment/worker"},
    b"apps/Deployment/web": document(image="web:2", replicas=2),
    b"batch/Job/migrate": document(image="web:2"),
}


def state(documents: Documents, id: str) -> GivenState:
    return state_of({key: (document_item(content), content) for key, content in documents.items()}, id)


def planned(target: Target, before: Documents, after: Documents, **how: Any) -> tuple[LiveState, Plan]:
    """What a refresh finds, with what is delivered already listed from the old state, or from the inventory."""
    old = _items(before) if target.inventory().whole else dict(target.inventory_items())
    new = _items(after)
    moves = [Change(key, old.get(key), new.get(key)) for key in sorted(old.keys() | new.keys())]
    moves = [move for move in moves if move.before != move.after]
    live = target.look([move.key for move in moves])
    return live, compare(moves, live, **how)


def _items(documents: Documents) -> dict[Key, Item]:
    return {key: document_item(content) for key, content in documents.items()}


def deliver(
    target: Target, before: Documents, after: Documents, id: str, watch: Watcher | None = None, **how: Any
) -> Plan:
    """A sync; returns the plan that was carried out."""
    _, plan = planned(target, before, after, **how)
    if plan.work:
        target.apply(plan, state(after, id), watch or Watcher())
    else:
        target.record(plan, state(after, id))
    return plan


def said(site: Any) -> dict[Key, Any]:
    return {key: json.loads(content) for key, content in site.live().items()}


def meaning(documents: Documents) -> dict[Key, Any]:
    return {key: json.loads(content) for key, content in documents.items()}


def drift(site: Any, documents: Documents) -> dict[Key, Drift | None]:
    return {item.key: item.drift for item in planned(site.open(), documents, documents)[1].items}


def test_its_kind_says_that_it_takes_objects(object_site: Any) -> None:
    kind = object_site.registry.kinds()[object_site.environment.target.kind]
    assert kind.takes is Takes.OBJECTS
    assert kind.nouns != ("file", "files")
    options = object_site.environment.target.options
    assert object_site.registry.check(kind.name, options) == options
    assert object_site.registry.facts(object_site.environment.target)


def test_before_anything_was_applied_it_knows_nothing(object_site: Any) -> None:
    target = object_site.open()
    assert target.inventory() == InventoryHead(None, None, True)
    assert list(target.inventory_items()) == []
    assert (target.look().deviations, target.look().unmanaged_count) == ((), 0)
    assert target.read(b"Service/web", 10) is None


def test_a_first_delivery_is_live_and_known(object_site: Any) -> None:
    plan = deliver(object_site.open(), {}, FIRST, "one")
    assert plan.counts() == {Action.CREATE: len(FIRST)}
    assert said(object_site) == meaning(FIRST)
    target = object_site.open()
    assert target.inventory() == InventoryHead("one", "one", True)
    assert list(target.inventory_items()) == sorted(_items(FIRST).items())
    assert planned(target, FIRST, FIRST)[1].items == ()


def test_a_second_delivery_creates_updates_and_deletes(object_site: Any) -> None:
    deliver(object_site.open(), {}, FIRST, "one")
    plan = deliver(object_site.open(), FIRST, SECOND, "two")
    assert plan.counts() == {Action.CREATE: 1, Action.UPDATE: 1, Action.DELETE: 1}
    assert said(object_site) == meaning(SECOND)
    assert planned(object_site.open(), SECOND, SECOND)[1].items == ()
    more = {**SECOND, b"Alarm/late": document(level=3)}
    deliver(object_site.open(), SECOND, more, "three")
    listed = [key for key, _ in object_site.open().inventory_items()]
    assert listed == sorted(more), "sorted, whichever came first"


def test_without_pruning_what_git_dropped_stays_and_is_no_longer_watched(object_site: Any) -> None:
    deliver(object_site.open(), {}, FIRST, "one")
    deliver(object_site.open(), FIRST, SECOND, "two", prune=False)
    assert b"apps/Deployment/worker" in object_site.live()
    object_site.write(b"apps/Deployment/worker", document(image="edited"))
    assert drift(object_site, SECOND) == {}


def test_drift_is_told_by_key(object_site: Any) -> None:
    deliver(object_site.open(), {}, FIRST, "one")
    object_site.write(b"apps/Deployment/web", document(image="web:1", replicas=9))
    object_site.remove(b"Service/web")
    object_site.write(b"Secret/strange", document(a=1))
    assert drift(object_site, FIRST) == {b"apps/Deployment/web": Drift.CHANGED, b"Service/web": Drift.MISSING}
    looked = object_site.open().look()
    assert (looked.unmanaged, looked.unmanaged_count) == ((b"Secret/strange",), 1)
    deliver(object_site.open(), FIRST, FIRST, "one")
    assert drift(object_site, FIRST) == {}
    assert b"Secret/strange" in object_site.live(), "what was never ours is left alone"


def test_the_same_document_in_another_writing_is_no_drift(object_site: Any) -> None:
    deliver(object_site.open(), {}, FIRST, "one")
    object_site.write(b"apps/Deployment/web", b'{ "replicas": 2,\n  "image": "web:1" }')
    assert drift(object_site, FIRST) == {}


def test_what_was_pruned_and_came_back_is_drift(object_site: Any) -> None:
    deliver(object_site.open(), {}, FIRST, "one")
    deliver(object_site.open(), FIRST, SECOND, "two")
    object_site.write(b"apps/Deployment/worker", FIRST[b"apps/Deployment/worker"])
    assert drift(object_site, SECOND) == {b"apps/Deployment/worker": Drift.EXTRA}
    looked = object_site.open().look()
    assert (looked.unmanaged, looked.unmanaged_count) == ((), 0)


def test_what_was_pruned_and_delivered_again_may_stay_without_pruning(object_site: Any) -> None:
    deliver(object_site.open(), {}, FIRST, "one")
    deliver(object_site.open(), FIRST, SECOND, "two")
    deliver(object_site.open(), SECOND, FIRST, "one")
    deliver(object_site.open(), FIRST, SECOND, "two", prune=False)
    assert drift(object_site, SECOND) == {}
    assert object_site.open().look().unmanaged == (b"apps/Deployment/worker",)


def test_what_stands_in_the_way_is_seen_before_it_is_ours(object_site: Any) -> None:
    object_site.write(b"Service/web", FIRST[b"Service/web"])
    object_site.write(b"apps/Deployment/web", document(image="older"))
    _, plan = planned(object_site.open(), {}, FIRST)
    actions = {item.key: item.action for item in plan.items}
    assert actions[b"Service/web"] is Action.RECORD
    assert actions[b"apps/Deployment/web"] is Action.UPDATE
    assert plan.drift == ()


def test_what_differs_is_told_in_the_order_of_keys(object_site: Any) -> None:
    many = {f"Job/{number:02d}".encode(): document(number=number) for number in range(30)}
    deliver(object_site.open(), {}, many, "one")
    deliver(object_site.open(), many, dict(list(many.items())[:20]), "two")
    for key in reversed(many):
        object_site.write(key, document(edited=True))
    object_site.write(b"Job/in-the-way", document(edited=True))
    for only, keys in (
        (False, {*many, b"Job/in-the-way"}),
        (True, {b"Job/in-the-way", b"Job/03", b"Job/19", b"Job/07"}),
    ):
        looked = object_site.open().look(sorted(keys - {b"Job/04"}, reverse=True), only=only)
        assert [one.key for one in looked.deviations] == sorted(keys)
        assert (looked.unmanaged, looked.unmanaged_count) == ((), 0)


def test_what_was_never_applied_is_counted_and_a_sample_named(object_site: Any) -> None:
    deliver(object_site.open(), {}, FIRST, "one")
    strange = [f"Secret/{number:03d}".encode() for number in range(250)]
    for key in reversed(strange):
        object_site.write(key, document(theirs=True))
    looked = object_site.open().look()
    assert (looked.unmanaged, looked.unmanaged_count) == (tuple(strange[:200]), 250)
    looked = object_site.open().look([strange[0], b"not/there"])
    assert (looked.unmanaged, looked.unmanaged_count) == (tuple(strange[1:201]), 249), "it was asked for"
    assert [one.key for one in looked.deviations] == [strange[0]]


def test_what_vanished_meanwhile_is_deleted_all_the_same(object_site: Any) -> None:
    deliver(object_site.open(), {}, FIRST, "one")
    _, plan = planned(object_site.open(), FIRST, SECOND)
    object_site.remove(b"apps/Deployment/worker")
    object_site.open().apply(plan, state(SECOND, "two"), Watcher())
    assert said(object_site) == meaning(SECOND)
    assert object_site.open().inventory() == InventoryHead("two", "two", True)
    assert planned(object_site.open(), SECOND, SECOND)[1].items == ()


def test_looking_at_some_keys_is_partial_and_changes_nothing(object_site: Any) -> None:
    deliver(object_site.open(), {}, FIRST, "one")
    object_site.remove(b"Service/web")
    object_site.remove(b"apps/Deployment/web")
    before = object_site.live()
    looked = object_site.open().look([b"Service/web"], only=True)
    assert looked.partial
    assert [one.key for one in looked.deviations] == [b"Service/web"]
    assert object_site.live() == before


@pytest.mark.parametrize("after", [0, 1, 2])
def test_stopped_between_two_objects_it_knows_what_is_ours_and_goes_on(object_site: Any, after: int) -> None:
    deliver(object_site.open(), {}, FIRST, "one")
    with pytest.raises(Terminated):
        deliver(object_site.open(), FIRST, SECOND, "two", Watcher(stop_after=after))
    target, now = object_site.open(), said(object_site)
    assert not target.inventory().whole
    for key, content in now.items():
        assert content in (meaning(FIRST).get(key), meaning(SECOND).get(key)), key
    assert dict(target.inventory_items()).keys() >= now.keys()
    assert planned(target, FIRST, SECOND)[1].drift == (), "an interrupted delivery is not drift"
    deliver(object_site.open(), FIRST, SECOND, "two")
    assert said(object_site) == meaning(SECOND)
    assert object_site.open().inventory() == InventoryHead("two", "two", True)


def test_damaged_content_never_lands(object_site: Any) -> None:
    deliver(object_site.open(), {}, FIRST, "one")
    _, plan = planned(object_site.open(), FIRST, SECOND)
    damaged = state_of({key: (document_item(SECOND[key]), b'{"image": "other"}') for key in SECOND}, "two")
    with pytest.raises(SourceDamaged):
        object_site.open().apply(plan, damaged, Watcher())
    assert {"image": "other"} not in said(object_site).values()
    assert not object_site.open().inventory().whole
    deliver(object_site.open(), FIRST, SECOND, "two")
    assert said(object_site) == meaning(SECOND)


def test_recording_moves_the_head_and_touches_nothing(object_site: Any) -> None:
    deliver(object_site.open(), {}, FIRST, "one")
    before = object_site.live()
    object_site.open().record(Plan(), state(FIRST, "again"))
    assert object_site.open().inventory() == InventoryHead("again", "again", True)
    assert object_site.live() == before


def test_reading_is_bounded_and_canonical(object_site: Any) -> None:
    deliver(object_site.open(), {}, FIRST, "one")
    whole = object_site.open().read(b"Service/web", 10_000)
    assert whole == canonical(meaning(FIRST)[b"Service/web"])
    assert object_site.open().read(b"Service/web", 4) == whole[:4]
    assert object_site.open().read(b"not/there", 10) is None
    object_site.write(b"Service/web", b'{"selector":{"app":"web"},"port":80}')
    assert object_site.open().read(b"Service/web", 10_000) == whole, "a diff shows what it says, not how it is written"


def test_live_content_that_is_no_document_is_drift_and_is_healed(object_site: Any) -> None:
    deliver(object_site.open(), {}, FIRST, "one")
    object_site.write(b"Service/web", b"{no json")
    assert drift(object_site, FIRST) == {b"Service/web": Drift.CHANGED}
    assert object_site.open().look().deviations[0].found == Item("")
    assert object_site.open().read(b"Service/web", 10_000) == b"{no json"
    deliver(object_site.open(), FIRST, FIRST, "one")
    assert said(object_site) == meaning(FIRST)


def test_forgetting_keeps_the_objects(object_site: Any) -> None:
    deliver(object_site.open(), {}, FIRST, "one")
    deliver(object_site.open(), FIRST, SECOND, "two")
    before = object_site.live()
    object_site.open().forget()
    assert object_site.live() == before
    assert object_site.open().inventory() == InventoryHead()
    assert list(object_site.open().inventory_items()) == []
    object_site.write(b"apps/Deployment/worker", FIRST[b"apps/Deployment/worker"])
    looked = object_site.open().look()
    assert looked.deviations == (), "what was pruned is forgotten too"
    assert looked.unmanaged == tuple(sorted(object_site.live()))


def test_a_shadow_sees_the_place_and_has_an_empty_inventory(object_site: Any) -> None:
    deliver(object_site.open(), {}, FIRST, "one")
    shadow = object_site.registry.shadow(object_site.environment)
    assert shadow.inventory() == InventoryHead()
    looked = shadow.look([b"Service/web"])
    assert [(one.known, one.found) for one in looked.deviations] == [(None, _items(FIRST)[b"Service/web"])]
    assert looked.unmanaged_count == len(FIRST) - 1
    assert object_site.open().inventory() == InventoryHead("one", "one", True)


def test_progress_is_told_object_by_object(object_site: Any) -> None:
    watch = Watcher()
    deliver(object_site.open(), {}, FIRST, "one", watch)
    assert [done for done, _, _ in watch.seen] == list(range(1, len(FIRST) + 1))
    assert {total for _, total, _ in watch.seen} == {len(FIRST)}
    assert {key for _, _, key in watch.seen} == FIRST.keys()
