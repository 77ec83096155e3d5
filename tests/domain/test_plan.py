"""The one comparison. Every combination of inventory, live and desired at one path has one right answer."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.state.git_files import EXECUTABLE, FILE, SYMLINK, file_item
from app.domain.state.items import Change, Item
from app.domain.state.plan import Action, Deviation, Drift, InventoryHead, LiveState, Plan, compare
from app.domain.status import Divergence

A, B, C = file_item(FILE, "a" * 40), file_item(FILE, "b" * 40), file_item(FILE, "c" * 40)
A_EXECUTABLE, A_CLOSED, LINK = (
    file_item(EXECUTABLE, A.digest),
    file_item("100600", A.digest),
    file_item(SYMLINK, A.digest),
)
PATH = b"site/index.html"
HEAD = InventoryHead(state="1" * 40, revision="2" * 40)


def plan(known: Item | None, found: Item | None, wanted: Item | None, *, prune: bool = True) -> Plan:
    changes = [] if known == wanted else [Change(PATH, known, wanted)]
    deviations = () if known == found else (Deviation(PATH, known, found),)
    return compare(changes, LiveState(HEAD, deviations), prune=prune)


@pytest.mark.parametrize(
    ("known", "found", "wanted", "action", "drift"),
    [
        (A, A, A, None, None),
        (None, None, A, Action.CREATE, None),
        (A, A, B, Action.UPDATE, None),
        (A, A, A_EXECUTABLE, Action.TRAITS, None),
        (A, A, LINK, Action.UPDATE, None),
        (A, A, None, Action.DELETE, None),
        (A, B, A, Action.UPDATE, Drift.CHANGED),
        (A, None, A, Action.CREATE, Drift.MISSING),
        (A, A_CLOSED, A, Action.TRAITS, Drift.TRAITS),
        (A, LINK, A, Action.UPDATE, Drift.CHANGED),
        (None, A, None, Action.DELETE, Drift.EXTRA),
        (A, C, B, Action.UPDATE, Drift.CHANGED),
        (A, B, B, Action.RECORD, Drift.CHANGED),
        (A, None, None, Action.RECORD, Drift.MISSING),
        (None, A, A, Action.RECORD, None),
        (None, C, A, Action.UPDATE, None),
    ],
)
def test_each_case(
    known: Item | None, found: Item | None, wanted: Item | None, action: Action | None, drift: Drift | None
) -> None:
    items = plan(known, found, wanted).items
    assert [(item.action, item.drift) for item in items] == ([] if action is None else [(action, drift)])


def test_without_prune_a_dropped_file_stays_and_is_no_divergence() -> None:
    made = plan(A, A, None, prune=False)
    assert [item.action for item in made.items] == [Action.KEEP]
    assert (made.work, made.drift, made.divergence) == ((), (), None)


def test_ignored_drift_is_listed_apart_and_changes_nothing() -> None:
    live = LiveState(HEAD, (Deviation(PATH, A, B),))
    made = compare([], live, ignored=lambda path: path == PATH)
    assert (made.items, made.ignored, made.divergence) == ((), (PATH,), None)


def test_a_change_in_git_is_applied_at_an_ignored_path() -> None:
    live = LiveState(HEAD, (Deviation(PATH, A, B),))
    made = compare([Change(PATH, A, C)], live, ignored=lambda _: True)
    assert [item.action for item in made.work] == [Action.UPDATE]


def test_drift_and_a_new_revision_are_told_apart() -> None:
    assert plan(A, A, B).divergence is Divergence.NEW_REVISION
    assert plan(A, B, A).divergence is Divergence.DRIFT


entries = st.sampled_from([None, A, B, A_EXECUTABLE, A_CLOSED, LINK])


@given(st.dictionaries(st.binary(min_size=1, max_size=3), st.tuples(entries, entries, entries)), st.booleans())
def test_a_divergence_always_has_something_to_show(
    paths: dict[bytes, tuple[Item | None, Item | None, Item | None]], prune: bool
) -> None:
    changes = [Change(path, known, wanted) for path, (known, _, wanted) in paths.items() if known != wanted]
    deviations = tuple(Deviation(path, known, found) for path, (known, found, _) in paths.items() if known != found)
    made = compare(changes, LiveState(HEAD, deviations), prune=prune)
    if made.divergence is Divergence.DRIFT:
        assert made.drift
    elif made.divergence is Divergence.NEW_REVISION:
        assert made.work
    else:
        assert not made.drift
        assert not (made.moved and made.work)


@given(st.dictionaries(st.binary(min_size=1, max_size=3), st.tuples(entries, entries, entries)))
def test_carrying_out_the_plan_makes_live_equal_desired(
    paths: dict[bytes, tuple[Item | None, Item | None, Item | None]],
) -> None:
    changes = [Change(path, known, wanted) for path, (known, _, wanted) in paths.items() if known != wanted]
    deviations = tuple(Deviation(path, known, found) for path, (known, found, _) in paths.items() if known != found)
    live = {path: found for path, (_, found, _) in paths.items()}
    for item in compare(changes, LiveState(HEAD, deviations)).work:
        assert live[item.key] == item.found
        live[item.key] = item.wanted
    moved_or_drifted = {path for path, (known, found, wanted) in paths.items() if not known == found == wanted}
    assert all(live[path] == paths[path][2] for path in moved_or_drifted)


def test_every_action_has_a_case() -> None:
    seen = {
        item.action
        for known, found, wanted, prune in product([None, A], [None, A, B, A_CLOSED], [None, A, B], [True, False])
        for item in plan(known, found, wanted, prune=prune).items
    }
    assert seen == set(Action)
