"""What is no JSON document is refused by its name, before anything is delivered."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.desired.documents import DocumentRenderer
from app.domain.environment import SourceSpec
from app.domain.errors import SourceRefused, WriteBackNotPossible
from app.domain.state.items import Key
from app.domain.state.json_documents import document_item, readable
from app.ports import DesiredState
from app.sources import GitSources
from tests.support.repo import GitRepo

WRONG = [
    ("{", "is not a JSON document"),
    ("", "is not a JSON document"),
    ('{"a": NaN}', "is not a JSON document: JSON has no NaN"),
    ("[-Infinity]", "is not a JSON document: JSON has no -Infinity"),
    ('{"a": [1e999]}', "has a number that is too large (1e999)"),
    ('{"a": -1e999}', "has a number that is too large (-1e999)"),
    ('{"a": 1, "b": 2, "a": 1}', 'has the name "a" twice in one object'),
    ('{"deep": [{"\\u0061": 1, "a": 2}]}', 'has the name "a" twice in one object'),
    ('"\\ud800"', "is not a JSON document"),
    ("[" * 100_000, "is not a JSON document"),
]


@pytest.fixture
def repo(tmp_path: Path) -> GitRepo:
    return GitRepo(tmp_path / "repo.git")


def rendered(repo: GitRepo, folder: Path, name: str, text: str | None) -> DesiredState:
    revision = repo.commit({f"deploy/{name}": text, "deploy/good.json": "{}"})
    source = GitSources(folder / "data", [folder]).open(repo.url)
    source.fetch()
    return DocumentRenderer().at(source, SourceSpec(repo.url, path="deploy"), revision, None)


def keys(state: DesiredState) -> list[Key]:
    return [key for key, _ in state.items()]


@pytest.mark.parametrize(("text", "words"), WRONG, ids=lambda text: text[:20])
def test_what_is_no_document_is_refused_with_its_file(repo: GitRepo, tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(SourceRefused) as refused:
        keys(rendered(repo, tmp_path, "sub/web.json", text))
    assert str(refused.value) == f"'sub/web.json' {words}. Mend it in Git; nothing was delivered."


@pytest.mark.parametrize("name", [".json", "sub/.json"])
def test_an_object_without_a_name_is_refused(repo: GitRepo, tmp_path: Path, name: str) -> None:
    with pytest.raises(SourceRefused, match=f"'{name}' has no name before its ending"):
        keys(rendered(repo, tmp_path, name, "{}"))
    assert keys(rendered(repo, tmp_path, name, None)) == [b"good"]


def test_usual_numbers_and_equal_names_in_other_objects_are_fine(repo: GitRepo, tmp_path: Path) -> None:
    state = rendered(repo, tmp_path, ".hidden.json", '[{"a": 1e308}, {"a": 1.5}, -0.0, 12345678901234567890]')
    assert keys(state) == [b".hidden", b"good"]


@pytest.mark.parametrize(("text", "words"), WRONG, ids=lambda text: text[:20])
def test_what_is_no_document_is_not_written_back(repo: GitRepo, tmp_path: Path, text: str, words: str) -> None:
    state, live = rendered(repo, tmp_path, "web.json", "{}"), text.encode()
    with pytest.raises(WriteBackNotPossible) as refused:
        state.write_back({b"web": (document_item(live), live)})
    assert str(refused.value) == f"'web' on the target {words}."


def test_live_documents_are_read_as_desired_ones_are_written() -> None:
    assert readable(b'{"b":1,"a":"\\u00fc"}') == '{\n  "a": "ü",\n  "b": 1\n}\n'.encode()
    for odd in (b"{", b"\xff", b'"\\ud800"', b"[" * 100_000):
        assert readable(odd) == odd
