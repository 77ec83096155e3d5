"""What every target must do, whatever it is made of."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from app.domain.errors import SourceDamaged, Terminated, UnsafePath
from app.domain.state.git_files import EMPTY_TREE, FILE, blob_id, file_item
from app.domain.state.items import Item, Key
from app.domain.state.plan import Action, Drift, InventoryHead, Plan, PlanItem
from tests.support.delivery import Blobs, Watcher, deliver, desired, entries, planned
from tests.support.repo import GitRepo, link, script
from tests.support.states import GivenState

FIRST: dict[Any, Any] = {
    "index.html": "<h1>one</h1>",
    "bin/run": script("#!/bin/sh\necho one\n"),
    "assets/app.css": "body {}",
    "assets/deep/er/logo.svg": "<svg/>",
    "latest": link("assets/app.css"),
    "empty": "",
}
ODD: dict[str | bytes, Any] = {
    "a b.txt": "spaces",
    "quote\"d 'too'.txt": "quotes",
    "new\nline.txt": "newline",
    "tab\tand\\back": "tab",
    b"\xff\xfe-latin-\xe9": "not UTF-8",
    "ünï/çödé-✓": "unicode",
    "-rf": "an option?",
    ":(glob)*": "a pathspec?",
    "*.txt": "a pattern?",
    ".hidden/.file": "dots",
    ".pushpull-looks-like-ours": "but is not",
    "n" * 255: "long",
    "binary": bytes(range(256)) * 40,
    "large": b"0123456789abcdef" * 20_000,
    "dangling": link("nowhere/at/all"),
    b"odd-link": link(b"\xff/text\nwith newline"),
}


@pytest.fixture
def first(repo: GitRepo) -> str:
    return repo.commit(FIRST)


def live(site: Any) -> dict[bytes, tuple[int, bytes]]:
    return dict(sorted(site.live().items()))


def tree(repo: GitRepo, revision: str) -> dict[bytes, tuple[int, str]]:
    return dict(sorted(repo.files(repo.tree(revision)).items()))


def hashed(site: Any) -> dict[bytes, tuple[int, str]]:
    return {path: (mode, blob_id(content)) for path, (mode, content) in live(site).items()}


def drift(site: Any, repo: GitRepo, revision: str) -> dict[bytes, Drift | None]:
    _, plan = planned(site.open(), repo, revision)
    return {item.key: item.drift for item in plan.items}


def test_before_anything_was_applied_it_knows_nothing(any_site: Any) -> None:
    target = any_site.open()
    assert target.inventory() == InventoryHead(None, None, True)
    assert list(target.inventory_items()) == []
    looked = target.look()
    assert (looked.deviations, looked.unmanaged_count) == ((), 0)
    assert target.read(b"index.html", 10) is None


def test_a_first_delivery_equals_the_tree_and_is_known(any_site: Any, repo: GitRepo, first: str) -> None:
    plan = deliver(any_site.open(), repo, first)
    assert plan.counts() == {Action.CREATE: len(FIRST)}
    assert hashed(any_site) == tree(repo, first)
    target = any_site.open()
    assert target.inventory() == InventoryHead(repo.tree(first), first, True)
    assert list(target.inventory_items()) == sorted(entries(repo, repo.tree(first)).items())
    assert planned(target, repo, first)[1].items == ()


def test_a_second_delivery_changes_creates_deletes_and_sets_modes(any_site: Any, repo: GitRepo, first: str) -> None:
    deliver(any_site.open(), repo, first)
    second = repo.commit(
        {
            "index.html": "<h1>two</h1>",
            "bin/run": "#!/bin/sh\necho one\n",
            "assets/deep/er/logo.svg": None,
            "latest": link("index.html"),
            "empty": link("index.html"),
            "a/new.txt": "new",
        }
    )
    plan = deliver(any_site.open(), repo, second, only=True)
    assert plan.counts() == {Action.CREATE: 1, Action.UPDATE: 3, Action.TRAITS: 1, Action.DELETE: 1}
    assert hashed(any_site) == tree(repo, second)
    listed = list(any_site.open().inventory_items())
    assert listed == sorted(entries(repo, repo.tree(second)).items()), "sorted, whichever came first"
    assert planned(any_site.open(), repo, second)[1].items == ()


def test_names_are_bytes_of_any_kind(any_site: Any, repo: GitRepo) -> None:
    revision = repo.commit(ODD)
    deliver(any_site.open(), repo, revision)
    assert hashed(any_site) == tree(repo, revision)
    looked, plan = planned(any_site.open(), repo, revision)
    assert (plan.items, looked.unmanaged_count) == ((), 0)
    again = repo.commit(dict.fromkeys(ODD, "other"))
    deliver(any_site.open(), repo, again, only=True)
    assert hashed(any_site) == tree(repo, again)
    gone = repo.commit({**dict.fromkeys(ODD), "left": "x"})
    deliver(any_site.open(), repo, gone, only=True)
    assert hashed(any_site) == tree(repo, gone)


def test_files_and_directories_may_change_places(any_site: Any, repo: GitRepo) -> None:
    shapes: list[dict[str, Any]] = [
        {"a": "file", "b/c/d": "deep", "b/c/e": "deep", "l": link("b"), "k/x": "in a directory"},
        {"a/x/y": "deep now", "a/z": "too", "b": "file now", "l/m": "in a directory", "k": link("a")},
        {"a": link("b"), "b/c": "half way", "l": "file", "k/x/y": "deeper"},
        {"a/x": "back", "b/c/d": "deep", "k": "file"},
    ]
    revisions = [repo.commit(shape, onto=None, branch=f"b{n}") for n, shape in enumerate(shapes)]
    for step in (0, 1, 2, 3, 0, 2, 1, 3, 2, 0, 3, 1, 0):  # every shape after every other one
        deliver(any_site.open(), repo, revisions[step], only=True)
        assert hashed(any_site) == tree(repo, revisions[step])
        assert planned(any_site.open(), repo, revisions[step])[1].items == ()


@pytest.mark.parametrize(
    ("moved", "path", "kind", "action"),
    [
        (lambda site: site.write("index.html", b"<h1>mine</h1>"), b"index.html", Drift.CHANGED, Action.UPDATE),
        (lambda site: site.write("index.html", b"<h1>ONE</h1>"), b"index.html", Drift.CHANGED, Action.UPDATE),
        (lambda site: site.remove("assets/app.css"), b"assets/app.css", Drift.MISSING, Action.CREATE),
        (lambda site: site.chmod("bin/run", 0o644), b"bin/run", Drift.TRAITS, Action.TRAITS),
        (lambda site: site.chmod("index.html", 0o600), b"index.html", Drift.TRAITS, Action.TRAITS),
        (lambda site: site.chmod("index.html", 0o666), b"index.html", Drift.TRAITS, Action.TRAITS),
        (lambda site: site.chmod("index.html", 0o4644), b"index.html", Drift.TRAITS, Action.TRAITS),
        (lambda site: site.link("index.html", "/etc/hostname"), b"index.html", Drift.CHANGED, Action.UPDATE),
        (lambda site: site.link("latest", "elsewhere"), b"latest", Drift.CHANGED, Action.UPDATE),
        (lambda site: (site.remove("latest"), site.write("latest", b"assets/app.css")), b"latest", Drift.CHANGED,
         Action.UPDATE),
    ],
)  # fmt: skip
def test_drift_is_found_named_and_healed(
    any_site: Any, repo: GitRepo, first: str, moved: Callable[[Any], object], path: bytes, kind: Drift, action: Action
) -> None:
    deliver(any_site.open(), repo, first)
    moved(any_site)
    looked, plan = planned(any_site.open(), repo, first)
    assert [(item.key, item.drift, item.action) for item in plan.items] == [(path, kind, action)]
    assert looked.deviations[0].known == entries(repo, repo.tree(first))[path]
    assert any_site.open().look([path], only=True).deviations == looked.deviations
    deliver(any_site.open(), repo, first)
    assert hashed(any_site) == tree(repo, first)
    assert drift(any_site, repo, first) == {}


def test_found_permission_bits_are_told(any_site: Any, repo: GitRepo, first: str) -> None:
    deliver(any_site.open(), repo, first)
    any_site.chmod("index.html", 0o600)
    (deviation,) = any_site.open().look().deviations
    assert deviation.found == file_item("100600", blob_id(b"<h1>one</h1>"))


def test_a_pruned_file_that_comes_back_is_extra_until_it_is_wanted_again(
    any_site: Any, repo: GitRepo, first: str
) -> None:
    deliver(any_site.open(), repo, first)
    second = repo.commit({"index.html": None})
    deliver(any_site.open(), repo, second, only=True)
    any_site.write("index.html", b"back")
    looked, plan = planned(any_site.open(), repo, second)
    assert [(one.key, one.known, one.found) for one in looked.deviations] == [
        (b"index.html", None, file_item(FILE, blob_id(b"back")))
    ]
    assert [(item.drift, item.action) for item in plan.items] == [(Drift.EXTRA, Action.DELETE)]
    assert looked.unmanaged_count == 0
    deliver(any_site.open(), repo, second)
    assert b"index.html" not in any_site.live()
    third = repo.commit({"index.html": "wanted"})
    deliver(any_site.open(), repo, third, only=True)
    assert drift(any_site, repo, third) == {}
    if any_site.in_place:
        any_site.remove("index.html")
        deliver(any_site.open(), repo, second)
        any_site.write("index.html", b"<h1>back again</h1>")
        assert drift(any_site, repo, second) == {b"index.html": Drift.EXTRA}


def test_what_we_never_applied_is_counted_and_left_alone(any_site: Any, repo: GitRepo, first: str) -> None:
    deliver(any_site.open(), repo, first)
    for number in range(250):
        any_site.write(f"uploads/{number:03d}", b"theirs")
    any_site.write("assets/theirs.css", b"theirs")
    looked, plan = planned(any_site.open(), repo, first)
    assert plan.items == ()
    assert looked.unmanaged_count == 251
    assert len(looked.unmanaged) == 200
    assert looked.unmanaged[0] == b"assets/theirs.css"
    assert list(looked.unmanaged) == sorted(looked.unmanaged)
    if any_site.in_place:
        deliver(any_site.open(), repo, repo.commit({"assets/app.css": None, "index.html": "x"}), only=True)
        assert {b"assets/theirs.css", b"uploads/000"} <= any_site.live().keys()
        assert any_site.open().look().unmanaged_count == 251


def test_what_differs_is_told_in_the_order_of_paths(lasting_site: Any, repo: GitRepo) -> None:
    names = [f"a{number % 3}/{number:02d}" for number in range(30)]
    first = repo.commit(dict.fromkeys(names, "one"))
    deliver(lasting_site.open(), repo, first)
    second = repo.commit(dict.fromkeys(names[20:]))
    deliver(lasting_site.open(), repo, second, only=True)
    for name in reversed(names):
        lasting_site.write(name, b"edited")
    lasting_site.write("a1/theirs", b"theirs")
    paths = sorted(name.encode() for name in [*names, "a1/theirs"])
    looked = lasting_site.open().look([b"a1/theirs", *reversed(paths[5:9])])
    assert [one.key for one in looked.deviations] == paths
    assert (looked.unmanaged, looked.unmanaged_count) == ((), 0), "what was asked for, or pruned, is not unmanaged"
    some = [b"a1/theirs", *reversed(paths[5:9])]
    assert [one.key for one in lasting_site.open().look(some, only=True).deviations] == sorted(some)


def test_what_vanished_meanwhile_is_deleted_all_the_same(lasting_site: Any, repo: GitRepo, first: str) -> None:
    deliver(lasting_site.open(), repo, first)
    second = repo.commit({"index.html": None, "assets/deep/er/logo.svg": None, "empty": "no longer"})
    _, plan = planned(lasting_site.open(), repo, second)
    lasting_site.remove("index.html")
    lasting_site.remove("assets/deep/er/logo.svg")
    lasting_site.open().apply(plan, desired(repo, second), Watcher())
    assert hashed(lasting_site) == tree(repo, second)
    assert lasting_site.open().inventory() == InventoryHead(repo.tree(second), second, True)
    assert drift(lasting_site, repo, second) == {}


def test_what_was_pruned_and_delivered_again_may_stay_without_pruning(
    lasting_site: Any, repo: GitRepo, first: str
) -> None:
    second = repo.commit({"index.html": None})
    deliver(lasting_site.open(), repo, first)
    deliver(lasting_site.open(), repo, second)
    deliver(lasting_site.open(), repo, first)
    deliver(lasting_site.open(), repo, second, prune=False)
    looked, plan = planned(lasting_site.open(), repo, second)
    assert (plan.items, looked.unmanaged) == ((), (b"index.html",))


def test_prune_removes_only_what_is_ours(lasting_site: Any, repo: GitRepo, first: str) -> None:
    lasting_site.write("theirs.txt", b"theirs")
    deliver(lasting_site.open(), repo, first)
    emptied = repo.commit(dict.fromkeys(FIRST))
    deliver(lasting_site.open(), repo, emptied)
    assert live(lasting_site) == {b"theirs.txt": (0o100644, b"theirs")}
    assert lasting_site.open().inventory() == InventoryHead(EMPTY_TREE, emptied, True)
    assert list(lasting_site.open().inventory_items()) == []


def test_without_prune_a_dropped_file_stays_and_is_no_longer_watched(
    lasting_site: Any, repo: GitRepo, first: str
) -> None:
    deliver(lasting_site.open(), repo, first)
    second = repo.commit({"index.html": None})
    plan = deliver(lasting_site.open(), repo, second, prune=False, only=True)
    assert [item.action for item in plan.items] == [Action.KEEP]
    assert b"index.html" in lasting_site.live()
    lasting_site.write("index.html", b"changed")
    looked, plan = planned(lasting_site.open(), repo, second, prune=False)
    assert (plan.items, looked.unmanaged) == ((), (b"index.html",))
    assert planned(lasting_site.open(), repo, second, prune=True)[1].items == ()


def test_what_stands_in_the_way_is_told_and_taken_over(lasting_site: Any, repo: GitRepo, first: str) -> None:
    lasting_site.write("index.html", b"theirs")
    lasting_site.write("assets/app.css", b"body {}")
    lasting_site.write("assets/theirs", b"theirs")
    looked, plan = planned(lasting_site.open(), repo, first)
    assert {one.key for one in looked.deviations} == {b"index.html", b"assets/app.css"}
    assert (looked.unmanaged, plan.drift) == ((b"assets/theirs",), ())
    assert plan.counts() == {Action.CREATE: 4, Action.UPDATE: 1, Action.RECORD: 1}
    deliver(lasting_site.open(), repo, first)
    assert hashed(lasting_site).items() >= tree(repo, first).items()
    assert drift(lasting_site, repo, first) == {}


def test_files_that_are_right_already_are_recorded_only(lasting_site: Any, repo: GitRepo) -> None:
    lasting_site.write("a", b"1")
    lasting_site.write("b/c", b"2", 0o755)
    before = live(lasting_site)
    revision = repo.commit({"a": "1", "b/c": script("2")})
    plan = deliver(lasting_site.open(), repo, revision)
    assert plan.counts() == {Action.RECORD: 2}
    assert live(lasting_site) == before
    assert lasting_site.open().inventory() == InventoryHead(repo.tree(revision), revision, True)
    lasting_site.remove("a")
    assert drift(lasting_site, repo, revision) == {b"a": Drift.MISSING}


def test_looking_at_some_paths_says_nothing_about_others(any_site: Any, repo: GitRepo, first: str) -> None:
    deliver(any_site.open(), repo, first)
    any_site.write("index.html", b"changed")
    any_site.remove("assets/app.css")
    any_site.write("theirs", b"theirs")
    looked = any_site.open().look([b"assets/app.css", b"empty", b"theirs", b"not/there"], only=True)
    assert looked.partial
    assert [(one.key, one.known is None, one.found is None) for one in looked.deviations] == [
        (b"assets/app.css", False, True),
        (b"theirs", True, False),
    ]


def test_accepted_drift_is_left_alone(lasting_site: Any, repo: GitRepo, first: str) -> None:
    deliver(lasting_site.open(), repo, first)
    lasting_site.write("index.html", b"tuned by hand")
    second = repo.commit({"assets/app.css": "new"})
    deliver(lasting_site.open(), repo, second, ignored=lambda path: path == b"index.html")
    assert lasting_site.live()[b"index.html"][1] == b"tuned by hand"
    looked, plan = planned(lasting_site.open(), repo, second)
    assert {item.key: item.drift for item in plan.items} == {b"index.html": Drift.CHANGED}
    assert looked.deviations[0].known == entries(repo, repo.tree(second))[b"index.html"]


def test_recording_moves_the_head_and_touches_nothing(any_site: Any, repo: GitRepo, first: str) -> None:
    deliver(any_site.open(), repo, first)
    before = live(any_site)
    second = repo.commit({"outside.txt": "x"})
    same_tree = GivenState(repo.tree(first), second)
    any_site.open().record(Plan(), same_tree)
    assert any_site.open().inventory() == InventoryHead(repo.tree(first), second, True)
    assert live(any_site) == before


@pytest.mark.parametrize("after", [0, 1, 3])
def test_stopped_between_two_files_it_knows_what_is_ours_and_goes_on(
    any_site: Any, repo: GitRepo, first: str, after: int
) -> None:
    deliver(any_site.open(), repo, first)
    before = live(any_site)
    second = repo.commit({"index.html": "two", "assets/app.css": "two", "bin/run": None, "x/y": "two", "z": "two"})
    with pytest.raises(Terminated):
        deliver(any_site.open(), repo, second, watch=Watcher(stop_after=after))
    target = any_site.open()
    assert not target.inventory().whole
    now, wanted = live(any_site), tree(repo, second)
    for path, (mode, content) in now.items():
        assert before.get(path) == (mode, content) or wanted.get(path) == (mode, blob_id(content))
    assert dict(target.inventory_items()).keys() >= now.keys()
    looked, plan = planned(target, repo, second)
    assert (plan.drift, looked.unmanaged_count) == ((), 0), "an interrupted delivery is not drift"
    deliver(any_site.open(), repo, second)
    assert hashed(any_site) == wanted
    assert any_site.open().inventory() == InventoryHead(repo.tree(second), second, True)
    assert drift(any_site, repo, second) == {}


def test_damaged_content_never_lands(any_site: Any, repo: GitRepo, first: str) -> None:
    class Lying(Blobs):
        def write_to(self, key: Key, item: Item, write: Callable[[bytes], object]) -> int:
            if item.digest == blob_id(b"<h1>two</h1>"):
                return len(b"<h1>tw") if write(b"<h1>tw") else 6
            return super().write_to(key, item, write)

    deliver(any_site.open(), repo, first)
    second = repo.commit({"index.html": "<h1>two</h1>"})
    _, plan = planned(any_site.open(), repo, second)
    with pytest.raises(SourceDamaged):
        any_site.open().apply(plan, desired(repo, second, Lying), Watcher())
    assert hashed(any_site) == tree(repo, first)
    assert not any_site.open().inventory().whole
    deliver(any_site.open(), repo, second)
    assert hashed(any_site) == tree(repo, second)


def test_paths_that_leave_the_root_are_refused_before_anything_happens(
    any_site: Any, repo: GitRepo, first: str
) -> None:
    deliver(any_site.open(), repo, first)
    entry = entries(repo, repo.tree(first))[b"index.html"]
    good = PlanItem(b"new.txt", Action.CREATE, None, None, entry)
    for path in (b"../out", b"/etc/x", b"a/../../out", b"a//b", b"./a", b".git/config", b"a/.GIT/x", b""):
        for bad in (
            PlanItem(path, Action.CREATE, None, None, entry),
            PlanItem(path, Action.DELETE, entry, entry, None),
        ):
            listed: Callable[[], list[tuple[Key, Item]]] = partial(list, [(b"new.txt", entry), (path, entry)])
            wanted = GivenState("2" * 40, "1" * 40, listed, partial(Blobs, repo))
            with pytest.raises(UnsafePath):
                any_site.open().apply(Plan((good, bad)), wanted, Watcher())
            assert any_site.open().inventory().revision == first
    assert hashed(any_site) == tree(repo, first)


def test_reading_is_bounded_and_never_follows_links(any_site: Any, repo: GitRepo, first: str) -> None:
    deliver(any_site.open(), repo, first)
    target = any_site.open()
    assert target.read(b"index.html", 1000) == b"<h1>one</h1>"
    assert target.read(b"index.html", 4) == b"<h1>"
    assert target.read(b"latest", 1000) == b"assets/app.css"
    assert target.read(b"latest/x", 1000) is None
    assert target.read(b"assets", 1000) is None
    assert target.read(b"not/there", 1000) is None


def test_forgetting_keeps_the_files(any_site: Any, repo: GitRepo, first: str) -> None:
    deliver(any_site.open(), repo, first)
    before = live(any_site)
    any_site.open().forget()
    assert live(any_site) == before
    assert any_site.open().inventory() == InventoryHead()
    assert list(any_site.open().inventory_items()) == []
    any_site.open().forget()


def test_forgetting_forgets_what_was_pruned(lasting_site: Any, repo: GitRepo, first: str) -> None:
    deliver(lasting_site.open(), repo, first)
    deliver(lasting_site.open(), repo, repo.commit({"index.html": None}), only=True)
    lasting_site.open().forget()
    lasting_site.write("index.html", b"theirs")
    looked = lasting_site.open().look()
    assert looked.deviations == ()
    assert b"index.html" in looked.unmanaged


def test_progress_is_told_path_by_path(any_site: Any, repo: GitRepo, first: str) -> None:
    watch = Watcher()
    deliver(any_site.open(), repo, first, watch=watch)
    assert [done for done, _, _ in watch.seen] == list(range(1, len(FIRST) + 1))
    assert {total for _, total, _ in watch.seen} == {len(FIRST)}
    assert {path for _, _, path in watch.seen} == {name.encode() for name in FIRST}
