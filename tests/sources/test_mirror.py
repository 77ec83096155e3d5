"""The life of a mirror: shared, kept while Git is down, healed when broken, tidied without losing what was deployed."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from app.domain.environment import SourceSpec
from app.domain.errors import RevisionNotFound, SourceDamaged, SourceUnreachable
from app.domain.state.git_files import EMPTY_TREE, blob_of
from app.ports.sources import RefMove
from app.sources import GitSources, Patience
from app.sources.git_source import GitSource
from app.sources.mirror import Mirror
from app.sources.objects.cat_file_pool import CatFilePool
from tests.sources.conftest import Place
from tests.support.gitserver import GitServer
from tests.support.repo import GitRepo


def mirror_of(place: Place, tmp_path: Path) -> Path:
    """The directory of the only mirror there is."""
    (found,) = (tmp_path / "data" / "mirrors").glob("*.git")
    return found


def loose(git_dir: Path, sha: str) -> Path:
    """The file of an object that is not packed."""
    return git_dir / "objects" / sha[:2] / sha[2:]


def read_everything(source: GitSource, sha: str) -> list[bytes]:
    """Every content at a revision."""
    found: list[bytes] = []
    with source.contents() as contents:
        for _, entry in source.entries(source.tree(sha, "")):
            contents.write_to(blob_of(entry), found.append)
    return found


# --- shared ---
def test_environments_share_one_mirror_per_repository(sources: GitSources, repo: GitRepo, tmp_path: Path) -> None:
    repo.commit({"a": "1"})
    sources.open(repo.url).fetch()
    sources.open(f"file://{repo.url}/").fetch()
    assert len(list((tmp_path / "data" / "mirrors").glob("*.git"))) == 1


def test_threads_that_fetch_at_once_agree(web: Place) -> None:
    sha = web.repo.commit({"a": "1"})
    starting = threading.Barrier(4)
    moves: list[tuple[RefMove, ...]] = []

    def fetch() -> None:
        starting.wait()
        moves.append(web.open().fetch())

    threads = [threading.Thread(target=fetch) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(moves, key=len) == [(), (), (), (RefMove("refs/heads/main", None, sha),)]
    assert web.open().resolve("main").sha == sha


def test_processes_that_fetch_at_once_agree(local: Place, tmp_path: Path) -> None:
    sha = local.repo.commit({"a": "1"})
    code = (
        "import sys; from pathlib import Path; from app.sources import GitSources;"
        "print(len(GitSources(Path(sys.argv[1]), [Path(sys.argv[2])]).open(sys.argv[3]).fetch()))"
    )
    argv = [sys.executable, "-c", code, str(tmp_path / "data"), str(tmp_path / "repos"), local.url]
    running = [subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    said = [process.communicate(timeout=60) for process in running]
    assert sorted(out for out, _ in said) == [b"0\n", b"1\n"], said
    assert local.open().resolve("main").sha == sha


def test_a_file_and_a_directory_of_refs_may_change_places(local: Place) -> None:
    sha = local.repo.commit({"a": "1"})
    local.repo.branch("release")
    source = local.fetched()
    local.repo.delete_branch("release")
    local.repo.branch("release/2")
    assert source.fetch() == (
        RefMove("refs/heads/release", sha, None),
        RefMove("refs/heads/release/2", None, sha),
    )


def test_only_branches_and_tags_are_mirrored(local: Place) -> None:
    sha = local.repo.commit({"a": "1"})
    local.repo.git("update-ref", "refs/pull/1/head", sha)
    local.repo.git("update-ref", "refs/pushpull/kept/" + "0" * 40, sha)
    source = local.open()
    assert set(source.remote_heads()) == {"HEAD", "refs/heads/main"}
    assert source.fetch() == (RefMove("refs/heads/main", None, sha),)


def test_a_listing_does_not_carry_every_pull_request(web: Place, server: GitServer) -> None:
    sha = web.repo.commit({"a": "1"})
    (web.repo.path / "packed-refs").write_text("".join(f"{sha} refs/pull/{n}/head\n" for n in range(1000, 2000)))
    source = web.fetched()
    server.sent = 0
    assert source.remote_heads()["HEAD"] == sha
    assert 0 < server.sent < 2000


def test_the_default_branch_is_followed(local: Place) -> None:
    local.repo.commit({"a": "1"})
    source = local.fetched()
    other = local.repo.commit({"a": "2"}, branch="trunk", onto=None)
    local.repo.git("symbolic-ref", "HEAD", "refs/heads/trunk")
    local.repo.delete_branch("main")
    source.fetch()
    assert source.remote_heads()["HEAD"] == source.resolve("HEAD").sha == other


# --- while the Git server is down ---
def test_everything_fetched_is_readable_while_the_server_is_down(web: Place, server: GitServer) -> None:
    old = web.repo.commit({"a": "1"})
    new = web.repo.commit({"a": "2"})
    source = web.fetched()
    server.stop()
    for ask in (source.fetch, source.remote_heads):
        with pytest.raises(SourceUnreachable, match="refused the connection"):
            ask()
    again = web.open()
    assert again.resolve("main").sha == new
    assert read_everything(again, old) == [b"1"]
    assert len(again.changes(again.tree(old, ""), again.tree(new, ""))) == 1
    assert [revision.sha for revision in again.between(None, new)] == [new, old]
    again.keep(old)
    server.start()
    assert source.fetch() == ()


def test_a_silent_server_is_given_up_and_its_helpers_end(
    web: Place, server: GitServer, new_sources: Callable[..., GitSources]
) -> None:
    web.repo.commit({"a": "1"})
    server.held = threading.Event()
    source = new_sources(patience=Patience(listing=0.3, transfer=0.3, silence=0.3)).open(web.url)
    for ask in (source.remote_heads, source.fetch):
        with pytest.raises(SourceUnreachable, match="did not answer in time"):
            ask()
    assert not _processes_with(web.url)


def _processes_with(text: str) -> list[str]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if text in line:
            found.append(line)
    return found


def test_a_repository_that_is_gone_keeps_its_mirror(local: Place, tmp_path: Path) -> None:
    sha = local.repo.commit({"a": "1"})
    source = local.fetched()
    local.repo.path.rename(tmp_path / "moved.git")
    with pytest.raises(SourceUnreachable, match="no Git repository"):
        source.fetch()
    assert read_everything(local.open(), sha) == [b"1"]


# --- what was deployed stays ---
def test_a_kept_commit_survives_force_push_and_garbage_collection(local: Place, tmp_path: Path) -> None:
    base = local.repo.commit({"a": "base"})
    deployed = local.repo.commit({"a": "deployed"})
    source = local.fetched()
    source.keep(deployed)
    source.keep(deployed)
    forgotten = local.repo.commit({"a": "forgotten"})
    source.fetch()
    local.repo.commit({"a": "rewritten"}, onto=base)
    local.repo.git("reflog", "expire", "--expire=now", "--all")
    local.repo.git("gc", "--quiet", "--prune=now")
    assert source.fetch()[0].forced

    git_dir = mirror_of(local, tmp_path)
    Mirror(git_dir.parent, git_dir.stem, CatFilePool()).collect_garbage("now")

    assert read_everything(source, deployed) == [b"deployed"]
    assert source.resolve(deployed[:10]).sha == deployed
    with pytest.raises(RevisionNotFound):
        source.resolve(forgotten)
    source.keep(deployed)
    with pytest.raises(RevisionNotFound):
        source.keep(forgotten)
    with pytest.raises(RevisionNotFound):
        source.keep("main")


def test_many_small_fetches_are_packed_by_themselves(local: Place, tmp_path: Path) -> None:
    local.repo.commit({"a": "1"})
    source = local.fetched()
    git_dir = mirror_of(local, tmp_path)
    (git_dir / "objects" / "17").mkdir(exist_ok=True)
    for number in range(30):
        (git_dir / "objects" / "17" / f"{number:038x}").write_bytes(b"")
    before = set((git_dir / "objects" / "pack").glob("*.pack"))
    sha = local.repo.commit({"a": "2"})
    source.fetch()
    assert set((git_dir / "objects" / "pack").glob("*.pack")) != before
    assert read_everything(source, sha) == [b"2"]


# --- damage ---
def _no_blob(git_dir: Path, place: Place) -> None:
    loose(git_dir, place.repo.git("rev-parse", "main:a")).unlink()


def _no_tree(git_dir: Path, place: Place) -> None:
    loose(git_dir, place.repo.git("rev-parse", "main:")).unlink()


def _no_commit(git_dir: Path, place: Place) -> None:
    loose(git_dir, place.repo.sha("main") or "").unlink()


def _torn_blob(git_dir: Path, place: Place) -> None:
    file = loose(git_dir, place.repo.git("rev-parse", "main:a"))
    file.chmod(0o644)
    file.write_bytes(file.read_bytes()[:-8])


def _scribbled_tree(git_dir: Path, place: Place) -> None:
    file = loose(git_dir, place.repo.git("rev-parse", "main:"))
    file.chmod(0o644)
    file.write_bytes(b"scribble")


def _torn_ref(git_dir: Path, _: Place) -> None:
    (git_dir / "refs/heads/main").write_text("0123")


def _empty_ref(git_dir: Path, _: Place) -> None:
    (git_dir / "refs/heads/main").write_text("")


def _no_head(git_dir: Path, _: Place) -> None:
    (git_dir / "HEAD").unlink()


def _empty_head(git_dir: Path, _: Place) -> None:
    (git_dir / "HEAD").write_text("")


def _torn_config(git_dir: Path, _: Place) -> None:
    (git_dir / "config").write_text("[core")


def _no_objects(git_dir: Path, _: Place) -> None:
    for file in sorted((git_dir / "objects").rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()


@pytest.mark.parametrize(
    "damage",
    [
        _no_blob,
        _no_tree,
        _no_commit,
        _torn_blob,
        _scribbled_tree,
        _torn_ref,
        _empty_ref,
        _no_head,
        _empty_head,
        _torn_config,
        _no_objects,
    ],
)
def test_a_broken_mirror_is_noticed_and_cloned_again(
    local: Place, tmp_path: Path, damage: Callable[[Path, Place], None]
) -> None:
    kept = local.repo.commit({"a": "kept"})
    sha = local.repo.commit({"a": "x" * 5000, "b": "2"})
    source = local.fetched()
    source.keep(kept)
    damage(mirror_of(local, tmp_path), local)

    with pytest.raises((SourceDamaged, RevisionNotFound)):
        read_everything(source, source.resolve("main").sha)
    source.fetch()

    assert source.resolve("main").sha == sha
    assert read_everything(source, sha) == [b"x" * 5000, b"2"]
    assert source.changes(EMPTY_TREE, source.tree(sha, ""))
    assert (mirror_of(local, tmp_path) / "refs/pushpull/kept" / kept).exists()
    assert source.fetch() == ()


@pytest.mark.parametrize("lock", ["refs/heads/main.lock", "packed-refs.lock", "HEAD.lock", "refs/tags/v1.lock"])
def test_locks_of_a_killed_git_stop_nothing(local: Place, tmp_path: Path, lock: str) -> None:
    local.repo.commit({"a": "1"})
    local.repo.tag("v1")
    source = local.fetched()
    file = mirror_of(local, tmp_path) / lock
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("")
    sha = local.repo.commit({"a": "2"})
    local.repo.tag("v1")
    local.repo.branch("gone-later")
    source.fetch()
    local.repo.delete_branch("gone-later")
    assert source.fetch() == (RefMove("refs/heads/gone-later", sha, None),)
    assert source.resolve("main").sha == source.resolve("v1").sha == sha


@pytest.mark.parametrize("torn", ["{sha}.lock", "{sha}"])
def test_a_torn_pin_is_set_again(local: Place, tmp_path: Path, torn: str) -> None:
    sha = local.repo.commit({"a": "1"})
    source = local.fetched()
    file = mirror_of(local, tmp_path) / "refs/pushpull/kept" / torn.format(sha=sha)
    file.parent.mkdir(parents=True)
    file.write_text("")
    source.keep(sha)
    assert (file.parent / sha).read_text().strip() == sha


def test_a_fetch_survives_being_killed_at_any_moment(local: Place, tmp_path: Path) -> None:
    local.repo.commit({f"f{number}": str(number) for number in range(300)})
    code = (
        "import sys; from pathlib import Path; from app.sources import GitSources;"
        "s = GitSources(Path(sys.argv[1]), [Path(sys.argv[2])]).open(sys.argv[3]); print(1, flush=True); s.fetch()"
    )
    argv = [sys.executable, "-c", code, str(tmp_path / "data"), str(tmp_path / "repos"), local.url]
    chance = random.Random(5)
    for _ in range(2):
        process = subprocess.Popen(argv, stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        try:
            process.wait(chance.uniform(0.05, 0.4))
        except subprocess.TimeoutExpired:
            process.kill()
        process.communicate()
        sha = local.repo.commit({"f0": str(chance.random())})
    source = local.fetched()
    assert source.resolve("main").sha == sha
    assert len(read_everything(source, sha)) == 300


def test_a_lost_pack_is_noticed_and_cloned_again(local: Place, tmp_path: Path) -> None:
    sha = local.repo.commit({f"file {number}": str(number) for number in range(200)})
    source = local.fetched()
    for pack in (mirror_of(local, tmp_path) / "objects/pack").glob("*.pack"):
        pack.unlink()
    source.fetch()
    assert len(read_everything(source, sha)) == 200


def test_what_was_deployed_is_rescued_from_a_broken_mirror(local: Place, tmp_path: Path) -> None:
    base = local.repo.commit({"a": "base"})
    deployed = local.repo.commit({"a": "deployed"})
    source = local.fetched()
    source.keep(deployed)
    local.repo.commit({"a": "rewritten"}, onto=base)
    local.repo.git("gc", "--quiet", "--prune=now")
    source.fetch()
    _no_blob(mirror_of(local, tmp_path), local)
    with pytest.raises(SourceDamaged):
        read_everything(source, source.resolve("main").sha)

    source.fetch()

    assert read_everything(source, deployed) == [b"deployed"]
    assert list((tmp_path / "data/mirrors").glob("*.aside"))


def test_a_broken_mirror_is_not_given_up_while_the_server_is_down(
    web: Place, server: GitServer, tmp_path: Path
) -> None:
    old = web.repo.commit({"a": "old"})
    web.repo.commit({"a": "new"})
    source = web.fetched()
    _no_blob(mirror_of(web, tmp_path), web)
    with pytest.raises(SourceDamaged):
        read_everything(source, source.resolve("main").sha)
    server.stop()
    with pytest.raises(SourceUnreachable):
        source.fetch()
    assert read_everything(source, old) == [b"old"]
    server.start()
    source.fetch()
    assert read_everything(source, source.resolve("main").sha) == [b"new"]


def test_asking_for_a_foreign_blob_does_not_cost_a_clone(local: Place, tmp_path: Path) -> None:
    local.repo.commit({"a": "1"})
    source = local.fetched()
    before = mirror_of(local, tmp_path).stat().st_ino
    with source.contents() as contents, pytest.raises(SourceDamaged):
        contents.write_to("e" * 40, bytes)
    source.fetch()
    assert mirror_of(local, tmp_path).stat().st_ino == before
    assert not list((tmp_path / "data/mirrors").glob("*.damage"))


def test_a_clone_that_was_cut_short_leaves_no_mirror(web: Place, server: GitServer, tmp_path: Path) -> None:
    web.repo.commit({"a": "1"})
    leftover = tmp_path / "data/mirrors" / f".{web.open()._mirror._key}.killed"
    leftover.mkdir(parents=True)
    server.stop()
    with pytest.raises(SourceUnreachable):
        web.open().fetch()
    assert not list((tmp_path / "data/mirrors").glob("*.git"))
    server.start()
    web.open().fetch()
    assert not list((tmp_path / "data/mirrors").glob(".*"))


def test_mirrors_are_private(local: Place, tmp_path: Path) -> None:
    local.repo.commit({"a": "1"})
    local.fetched()
    assert os.stat(tmp_path / "data" / "mirrors").st_mode & 0o077 == 0


# --- what no branch leads to ---
@pytest.mark.parametrize("way", ["local", "web"])
def test_a_commit_that_no_branch_leads_to_is_not_there(way: str, request: pytest.FixtureRequest) -> None:
    place: Place = request.getfixturevalue(way)
    base = place.repo.commit({"a": "1"})
    hidden = place.repo.commit({"a": "2"}, onto=base)
    place.repo.git("update-ref", "refs/pull/1/head", hidden)
    place.repo.branch("main", base)
    source = place.fetched()
    with pytest.raises(RevisionNotFound):
        source.resolve(hidden)
    assert source.resolve(base).sha == base
    assert place.sources.probe(SourceSpec(place.url, "main")).branches == ("main",)
