"""What every way of rendering must do, whatever it makes of a revision."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from app.desired.desired_registry import RENDERERS
from app.domain.environment import SourceSpec
from app.domain.errors import RevisionNotFound, WriteBackNotPossible
from app.domain.revision import Person
from app.domain.specification.target_kind import Takes
from app.domain.state.items import Item, Key
from app.ports import DesiredState
from app.sources import GitSources
from app.sources.git_source import GitSource
from tests.support.repo import GitRepo

ANN = Person("Ann", "ann@example.org")
PATH = "deploy/here"


class Rendering:
    """A renderer with a repository that it reads. A value is the text of a file, or of a document's only name."""

    def __init__(self, takes: Takes, folder: Path) -> None:
        self.takes, self.renderer = takes, RENDERERS[takes]
        self.repo = GitRepo(folder / "repo.git")
        self.spec = SourceSpec(self.repo.url, path=PATH)
        self._sources = GitSources(folder / "data", [folder])

    @property
    def source(self) -> GitSource:
        source = self._sources.open(self.repo.url)
        source.fetch()
        return source

    def commit(self, values: Mapping[str, str | None]) -> str:
        ending = ".json" if self.takes is Takes.OBJECTS else ""
        return self.repo.commit({f"{PATH}/{name}{ending}": self.written(text) for name, text in values.items()})

    def written(self, text: str | None) -> str | None:
        return json.dumps({"is": text}) if text is not None and self.takes is Takes.OBJECTS else text

    def at(self, revision: str) -> DesiredState:
        return self.renderer.at(self.source, self.spec, revision, None)


@pytest.fixture(params=[*RENDERERS], ids=lambda takes: takes.value)
def rendering(request: pytest.FixtureRequest, tmp_path: Path) -> Rendering:
    return Rendering(request.param, tmp_path)


def contents(state: DesiredState) -> dict[Key, bytes]:
    found = {}
    items = list(state.items())
    with state.contents() as reader:
        reader.expect(items)
        for key, item in items:
            parts: list[bytes] = []
            assert reader.write_to(key, item, parts.append) == len(b"".join(parts))
            found[key] = b"".join(parts)
    return found


def said(state: DesiredState) -> dict[Key, str]:
    """What the items hold, as `commit` was told it."""
    told = contents(state)
    return {key: json.loads(text)["is"] if text.startswith(b"{") else text.decode() for key, text in told.items()}


def test_every_kind_of_desired_state_is_tested_here() -> None:
    assert set(RENDERERS) == set(Takes)


def test_items_are_sorted_unique_and_have_their_contents(rendering: Rendering) -> None:
    state = rendering.at(rendering.commit({"b": "2", "a": "1", "c/d": "3"}))
    keys = [key for key, _ in state.items()]
    assert keys == sorted(set(keys)) == [b"a", b"b", b"c/d"]
    assert said(state) == {b"a": "1", b"b": "2", b"c/d": "3"}
    assert not state.empty
    assert state.unsupported() == ()


def test_the_id_says_whether_it_is_the_same_state(rendering: Rendering) -> None:
    first = rendering.commit({"a": "1"})
    outside = rendering.repo.commit({"README": "x"})
    changed = rendering.commit({"a": "2"})
    back = rendering.commit({"a": "1"})
    ids = [rendering.renderer.id_at(rendering.source, rendering.spec, one) for one in (first, outside, changed, back)]
    assert ids[0] == ids[1] == ids[3] != ids[2]
    assert [rendering.at(one).id for one in (first, changed)] == [ids[0], ids[2]]
    assert rendering.at(first).revision == first


def test_equal_contents_have_equal_digests_and_others_not(rendering: Rendering) -> None:
    items = dict(rendering.at(rendering.commit({"a": "1", "b": "1", "c": "2"})).items())
    assert items[b"a"] == items[b"b"] != items[b"c"]
    assert items[b"a"].digest != items[b"c"].digest


def test_a_place_that_holds_nothing_is_empty(rendering: Rendering) -> None:
    rendering.commit({"a": "1"})
    state = rendering.at(rendering.commit({"a": None}))
    assert (state.empty, list(state.items())) == (True, [])


def test_changes_are_told_as_both_listings_tell_them_or_not_at_all(rendering: Rendering) -> None:
    before = rendering.at(rendering.commit({"a": "1", "b": "1", "c": "1"}))
    after = rendering.at(rendering.commit({"a": "2", "b": None, "d": "1"}))
    for earlier, known in ((before.id, dict(before.items())), (None, {})):
        changes = after.changes_since(earlier)
        if changes is not None:
            wanted = dict(after.items())
            keys = [key for key in sorted(known.keys() | wanted.keys()) if known.get(key) != wanted.get(key)]
            assert [(one.key, one.before, one.after) for one in changes] == [
                (key, known.get(key), wanted.get(key)) for key in keys
            ]
    assert after.changes_since(after.id) in ((), None)
    assert after.changes_since("1" * 40) is None


def test_a_state_whose_id_is_known_reads_nothing_before_it_is_asked(rendering: Rendering) -> None:
    revision = rendering.commit({"a": "1"})
    id = rendering.at(revision).id
    state = rendering.renderer.at(rendering.source, rendering.spec, "2" * 40, id)
    assert (state.id, state.revision) == (id, "2" * 40)
    assert said(state) == {b"a": "1"}


def test_a_revision_that_the_mirror_does_not_have_is_told(rendering: Rendering) -> None:
    rendering.commit({"a": "1"})
    with pytest.raises(RevisionNotFound):
        rendering.at("1" * 40)


def test_reverting_brings_the_earlier_state_back(rendering: Rendering) -> None:
    first = rendering.commit({"a": "1", "b": "1"})
    head = rendering.commit({"a": "2", "b": None, "c": "1"})
    source: GitSource = rendering.source
    edits = rendering.renderer.revert(source, rendering.spec, head, first)
    made = source.commit("main", head, edits, "Back", ANN)
    assert rendering.at(made.sha).id == rendering.at(first).id
    assert rendering.renderer.revert(source, rendering.spec, made.sha, first) == {}


def test_what_is_written_back_is_the_state_afterwards_or_refused(rendering: Rendering) -> None:
    before = rendering.at(rendering.commit({"a": "1", "b": "1", "c": "1"}))
    found = rendering.at(rendering.commit({"a": "live", "c": "1"}))
    text, items = contents(found), dict(found.items())
    head = rendering.commit({"a": "1", "b": "1", "c": "1"})
    live: dict[Key, tuple[Item, bytes] | None] = {b"a": (items[b"a"], text[b"a"]), b"b": None}
    try:
        edits = before.write_back(live)
    except WriteBackNotPossible:
        return
    made = rendering.source.commit("main", head, edits, "Written back", ANN)
    assert said(rendering.at(made.sha)) == {b"a": "live", b"c": "1"}
