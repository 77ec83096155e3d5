"""A local repository is read by us, and git gets what was read: nothing in it makes anybody wait or reach out of it."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from app.domain.environment import SourceSpec
from app.domain.errors import Problem, SourceRefused, SourceUnreachable
from app.sources import GitSources
from app.sources.git import Repository
from app.sources.remote.repository_view import LocalRepository
from tests.sources.conftest import Place
from tests.support.repo import GitRepo

FILES = ["HEAD", "config", "packed-refs", "shallow", "commondir", "objects/info/alternates", "refs/heads/main", ".git"]
FOLDERS = ["refs", "refs/heads", "objects", "objects/pack", "objects/info"]


def _put_away(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _fifo(path: Path, _: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path, _: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        here = os.open(path.parent, os.O_RDONLY)
        listening.bind(f"/proc/self/fd/{here}/{path.name}")
        os.close(here)


def _foreign(path: Path, secret: Path) -> None:
    path.symlink_to(secret)


def _loop(path: Path, _: Path) -> None:
    path.symlink_to(path)


def _everything(sources: GitSources, url: str) -> list[Problem]:
    """What each way of using a repository raises."""
    found = []
    ways: list[Callable[[], object]] = [
        lambda: sources.open(url).remote_heads(),
        lambda: sources.open(url).fetch(),
        lambda: sources.probe(SourceSpec(url, "main")),
    ]
    for way in ways:
        try:
            way()
        except Problem as problem:
            found.append(problem)
    return found


@pytest.mark.parametrize("what", [_fifo, _socket, _foreign, _loop])
@pytest.mark.parametrize("name", [*FILES, *FOLDERS])
def test_what_is_no_file_is_refused_at_once(
    name: str, what: Callable[[Path, Path], None], local: Place, tmp_path: Path
) -> None:
    local.repo.commit({"a": "1"})
    secret = tmp_path / "secret"
    secret.write_text("hunter2 is the password\n")
    _put_away(local.repo.path / name)
    what(local.repo.path / name, secret)
    problems = _everything(local.sources, local.url)
    assert len(problems) == 3
    assert not [one for one in problems if "hunter2" in f"{one.detail} {one.fields}"]
    assert all(one.fields.keys() == {"source.repo_url"} for one in problems)


def test_a_pipe_among_objects_is_refused(local: Place) -> None:
    local.repo.commit({"a": "1"})
    id = local.repo.git("rev-parse", "main:a")
    loose = local.repo.path / "objects" / id[:2] / id[2:]
    loose.unlink()
    os.mkfifo(loose)
    assert len(_everything(local.sources, local.url)) == 3
    loose.unlink()
    for ending in ("pack", "idx"):
        os.mkfifo(local.repo.path / "objects" / "pack" / f"pack-1.{ending}")
    assert len(_everything(local.sources, local.url)) == 3


def test_objects_of_others_do_not_come_by_a_link(local: Place, tmp_path: Path) -> None:
    private = GitRepo(tmp_path / "private.git")
    sha = private.commit({"secret": "hunter2"})
    local.repo.commit({"a": "1"})
    (local.repo.path / "refs/heads/main").write_text(f"{sha}\n")
    for folder in (private.path / "objects").glob("??"):
        ours = local.repo.path / "objects" / folder.name
        ours.mkdir(exist_ok=True)
        for file in folder.iterdir():
            (ours / file.name).symlink_to(file)
    assert all(isinstance(one, SourceRefused) for one in _everything(local.sources, local.url))
    assert len(_everything(local.sources, local.url)) == 3


@pytest.mark.parametrize("packed", [False, True])
def test_what_is_exchanged_after_the_check_has_no_effect(packed: bool, local: Place, tmp_path: Path) -> None:
    private = GitRepo(tmp_path / "private.git")
    private.commit({"secret": "hunter2"})
    sha = local.repo.commit({"a": "1"})
    if packed:
        local.repo.git("repack", "-adq")
    repository = LocalRepository(local.url, [tmp_path / "repos"], tmp_path / "views", "k")
    with repository.view() as view:
        shutil.rmtree(local.repo.path)
        shutil.copytree(private.path, local.repo.path)
        assert Repository(view.git_dir).run("rev-parse", "main").decode().strip() == sha
        assert Repository(view.git_dir).run("cat-file", "-p", "main:a") == b"1"
        with pytest.raises(Exception, match="git ended"):
            Repository(view.git_dir).run("cat-file", "-p", "main:secret")
    assert not list((tmp_path / "views").glob(".view*"))


def test_what_was_packed_since_is_forgotten(local: Place, tmp_path: Path) -> None:
    for number in range(3):
        local.repo.commit({f"{number}/{name}": f"{number} {name}" for name in range(80)})
    source = local.fetched()
    source.fetch()
    (copies,) = (tmp_path / "data/mirrors").glob("*.loose")
    assert list(copies.glob("*/*"))
    local.repo.git("gc", "--quiet", "--prune=now")
    source.fetch()
    assert not list(copies.glob("*/*"))
    sha = local.repo.commit({"a": "2"})
    source.fetch()
    assert source.resolve("main").sha == sha


def test_a_repository_that_may_not_be_read_says_so(local: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """As another user; for root, who may read everything, the system's refusal is made up."""
    local.repo.commit({"a": "1"})
    really = os.open

    def refusing(path: str | Path, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if path == local.repo.path.name:
            raise PermissionError(13, "Permission denied")
        return really(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", refusing)
    problems = _everything(local.sources, local.url)
    assert len(problems) == 3
    assert all(isinstance(one, SourceUnreachable) and "user cannot read it" in one.detail for one in problems)


def test_a_disk_of_ours_that_takes_nothing_is_not_the_repositorys_fault(local: Place, tmp_path: Path) -> None:
    local.repo.commit({"a": "1"})
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "mirrors").write_text("in the way")
    problems = _everything(local.sources, local.url)
    assert len(problems) == 3
    assert all("PushPull could not use its own disk" in one.detail and one.retry == "later" for one in problems)


def test_links_that_stay_below_the_roots_are_followed(local: Place, tmp_path: Path) -> None:
    sha = local.repo.commit({"a": "1"})
    shared = tmp_path / "repos" / "shared"
    (local.repo.path / "objects").rename(shared)
    (local.repo.path / "objects").symlink_to(shared)
    (local.repo.path / "HEAD").unlink()
    (local.repo.path / "HEAD").symlink_to("refs/heads/main")
    (local.repo.path / "refs/heads/alias").write_text("ref: refs/heads/main\n")
    source = local.fetched()
    assert source.resolve("main").sha == source.resolve("alias").sha == sha


def test_borrowed_objects_come_along(local: Place, tmp_path: Path) -> None:
    sha = local.repo.commit({"a": "1"})
    borrower = tmp_path / "repos" / "borrower"
    local.repo.git("clone", "--quiet", "--bare", "--shared", str(local.repo.path), str(borrower))
    source = local.sources.open(str(borrower))
    source.fetch()
    assert source.resolve("main").sha == sha


@pytest.mark.parametrize("way", ["local", "web"])
def test_a_shallow_clone_is_delivered_and_grows(way: str, local: Place, web: Place, tmp_path: Path) -> None:
    place = local if way == "local" else web
    local.repo.commit({"a": "1"})
    middle = local.repo.commit({"a": "2"})
    shallow = tmp_path / "repos" / "shallow.git"
    local.repo.git("clone", "--quiet", "--bare", "--depth=1", f"file://{local.repo.path}", str(shallow))
    source = place.sources.open(str(shallow) if way == "local" else place.url.replace("site.git", "shallow.git"))
    source.fetch()
    assert source.resolve("main").sha == middle
    assert [one.sha for one in source.between(None, middle)] == [middle]
    GitRepo.git(_at(shallow), "fetch", "--quiet", "--unshallow", str(local.repo.path), "+main:main")
    new = local.repo.commit({"a": "3"})
    GitRepo.git(_at(shallow), "fetch", "--quiet", str(local.repo.path), "+main:main")
    source.fetch()
    assert source.resolve("main").sha == new
    assert len(source.between(None, new)) == 3
    assert source.is_ancestor(middle, new)


def _at(path: Path) -> GitRepo:
    repo = GitRepo.__new__(GitRepo)
    repo.path = path
    return repo
