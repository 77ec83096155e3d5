"""A mirror holds what somebody asked for, and is made anew wherever it turns out to be broken."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from app.domain.errors import RevisionNotFound, SourceDamaged
from app.git import stoppable
from app.ports.sources import RefMove
from app.sources.git_source import GitSource
from tests.sources.conftest import Place
from tests.sources.test_mirror import loose, mirror_of, read_everything


def refs(place: Place, tmp_path: Path) -> set[str]:
    """Branches and tags in the mirror."""
    return set(place.open()._mirror.refs())


def test_only_what_is_asked_for_is_fetched(web: Place, tmp_path: Path) -> None:
    sha = web.repo.commit({"a": "1"})
    packed = "".join(f"{sha} refs/heads/b{number}\n{sha} refs/tags/t{number}\n" for number in range(500))
    (web.repo.path / "packed-refs").write_text(packed)
    source = web.open()
    assert source.fetch("main") == (RefMove("refs/heads/main", None, sha),)
    assert refs(web, tmp_path) == {"refs/heads/main"}
    new = web.repo.commit({"a": "2"})
    assert source.fetch("main") == (RefMove("refs/heads/main", sha, new),)
    assert source.fetch("t7", "refs/heads/b7") == (
        RefMove("refs/heads/b7", None, sha),
        RefMove("refs/tags/t7", None, sha),
    )
    assert refs(web, tmp_path) == {"refs/heads/main", "refs/heads/b7", "refs/tags/t7"}


def test_a_fetch_of_what_is_known_is_one_process(web: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    web.repo.commit({"a": "1"})
    source = web.open()
    source.fetch("main")
    sha = web.repo.commit({"a": "2"})
    asked: list[object] = []
    monkeypatch.setattr(type(source._remote), "listing", lambda *_, **__: asked.append(1))
    source.fetch("main")
    assert source.resolve("main").sha == sha
    assert not asked


def test_a_branch_that_goes_and_comes_again_is_noticed(local: Place) -> None:
    sha = local.repo.commit({"a": "1"})
    local.repo.branch("side")
    source = local.open()
    source.fetch("main", "side")
    local.repo.delete_branch("side")
    assert source.fetch("main", "side") == (RefMove("refs/heads/side", sha, None),)
    with pytest.raises(RevisionNotFound, match="'main'"):
        source.resolve("side")
    local.repo.branch("side")
    assert source.fetch("side") == (RefMove("refs/heads/side", None, sha),)


def test_a_branch_comes_before_a_tag_of_its_name(local: Place) -> None:
    old = local.repo.commit({"a": "1"})
    local.repo.tag("live")
    source = local.open()
    source.fetch("live")
    assert source.resolve("live").sha == old
    new = local.repo.commit({"a": "2"})
    local.repo.branch("live")
    source.fetch("live")
    assert source.resolve("live").sha == new


def test_names_that_stand_in_each_others_way_are_followed(local: Place) -> None:
    sha = local.repo.commit({"a": "1"})
    local.repo.branch("release")
    source = local.open()
    source.fetch("release")
    local.repo.delete_branch("release")
    local.repo.branch("release/2")
    source.fetch("release/2")
    assert source.resolve("release/2").sha == sha


def test_the_default_branch_is_found_by_its_role(local: Place) -> None:
    local.repo.commit({"a": "1"})
    source = local.open()
    source.fetch("HEAD")
    other = local.repo.commit({"a": "2"}, branch="trunk", onto=None)
    local.repo.git("symbolic-ref", "HEAD", "refs/heads/trunk")
    local.repo.delete_branch("main")
    source.fetch("HEAD")
    assert source.resolve("HEAD").sha == other


def test_an_unknown_branch_is_answered_with_those_that_there_are(local: Place) -> None:
    local.repo.commit({"a": "1"}, branch="master")
    source = local.open()
    source.fetch("main")
    with pytest.raises(RevisionNotFound, match="'master'"):
        source.resolve("main")


def test_a_commit_of_another_branch_is_found_and_one_of_none_is_not(local: Place) -> None:
    base = local.repo.commit({"a": "1"})
    other = local.repo.commit({"a": "2"}, branch="other", onto=base)
    hidden = local.repo.commit({"a": "3"}, branch="hidden", onto=base)
    local.repo.git("update-ref", "refs/pull/1/head", hidden)
    local.repo.delete_branch("hidden")
    source = local.open()
    source.fetch("main", other[:9])
    assert source.resolve(other[:9]).sha == other
    source.fetch("main", hidden)
    with pytest.raises(RevisionNotFound):
        source.resolve(hidden)


# --- healing ---
def _everything(source: GitSource, sha: str) -> list[bytes]:
    assert source.resolve(sha).sha == sha
    assert source.resolve("main")
    assert source.between(None, sha)
    return read_everything(source, sha)


def _gone(git_dir: Path, _: Place) -> None:
    shutil.rmtree(git_dir)


def _no_blob(git_dir: Path, place: Place) -> None:
    loose(git_dir, place.repo.git("rev-parse", "main:a")).unlink()


def _no_tree(git_dir: Path, place: Place) -> None:
    loose(git_dir, place.repo.git("rev-parse", "main:")).unlink()


def _empty_objects(git_dir: Path, _: Place) -> None:
    for file in (git_dir / "objects").rglob("*"):
        if file.is_file():
            file.chmod(0o644)
            file.write_bytes(b"")


def _half_config(git_dir: Path, _: Place) -> None:
    config = git_dir / "config"
    config.write_bytes(config.read_bytes()[: config.stat().st_size // 2])


def _empty_config(git_dir: Path, _: Place) -> None:
    (git_dir / "config").write_bytes(b"")


def _empty_ref(git_dir: Path, _: Place) -> None:
    (git_dir / "refs/heads/main").write_text("")


def _no_refs(git_dir: Path, _: Place) -> None:
    shutil.rmtree(git_dir / "refs")


def _torn_pin(git_dir: Path, place: Place) -> None:
    sha = place.repo.sha("main") or ""
    (git_dir / "refs/pushpull/kept").mkdir(parents=True, exist_ok=True)
    (git_dir / "refs/pushpull/kept" / sha).write_text(sha[:20])


def _half_packed_refs(git_dir: Path, place: Place) -> None:
    (git_dir / "packed-refs").write_text(f"# pack-refs with: peeled fully-peeled sorted \n{place.repo.sha('main')} re")


DAMAGE = [
    _gone, _no_blob, _no_tree, _empty_objects, _half_config, _empty_config, _empty_ref, _no_refs, _torn_pin,
    _half_packed_refs,
]  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE)
def test_an_operation_that_meets_damage_ends_well(
    local: Place, tmp_path: Path, damage: Callable[[Path, Place], None]
) -> None:
    local.repo.commit({"a": "old"})
    sha = local.repo.commit({"a": "x" * 5000, "b": "2"})
    local.open().fetch("main")
    damage(mirror_of(local, tmp_path), local)
    with stoppable(lambda: False):
        source = local.open()
        assert _everything(source, sha) == [b"x" * 5000, b"2"]
        source.keep(sha)
        source.fetch("main")
    assert (mirror_of(local, tmp_path) / "refs/pushpull/kept" / sha).read_text().strip() == sha


def test_damage_is_told_as_our_own_while_the_repository_is_away(local: Place, tmp_path: Path) -> None:
    sha = local.repo.commit({"a": "1"})
    local.open().fetch("main")
    _no_blob(mirror_of(local, tmp_path), local)
    local.repo.path.rename(tmp_path / "elsewhere")
    with stoppable(lambda: False), pytest.raises(SourceDamaged, match="local mirror is damaged"):
        _everything(local.open(), sha)


def test_a_poll_makes_a_lost_mirror_anew(local: Place, tmp_path: Path) -> None:
    sha = local.repo.commit({"a": "1"})
    local.open().fetch("main")
    shutil.rmtree(mirror_of(local, tmp_path))
    local.open().remote_heads()
    assert read_everything(local.open(), sha) == [b"1"]


def test_a_mirror_made_anew_holds_what_others_asked_for(local: Place, tmp_path: Path) -> None:
    sha = local.repo.commit({"a": "1"})
    local.repo.branch("side")
    local.open().fetch("main")
    local.open().fetch("side")
    shutil.rmtree(mirror_of(local, tmp_path))
    local.open().fetch("main")
    assert local.open().resolve("side").sha == sha
