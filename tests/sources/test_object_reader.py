"""Kept `cat-file` processes: nothing gets into their protocol, and none of them outlives its use."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from app.domain.errors import Problem, RevisionNotFound
from app.git import GitFailed
from app.sources.git import Repository
from app.sources.objects.ancestry import descends, straight
from app.sources.objects.cat_file_pool import CONTENT, FACTS, CatFilePool
from app.sources.objects.object_reader import ObjectReader
from tests.sources.conftest import Place


def _kept(place: Place) -> list[psutil.Process]:
    """The processes that we keep for a repository."""
    return [one for one in psutil.Process().children() if _git_dir(one) == str(place.repo.path)]


def _git_dir(process: psutil.Process) -> str | None:
    try:
        return str(process.environ()["GIT_DIR"])
    except (psutil.Error, KeyError):
        return None  # it has just ended


@pytest.fixture
def pool() -> Iterator[CatFilePool]:
    """One that keeps nothing after the test."""
    made = CatFilePool()
    yield made
    made.close()


def _reader(place: Place, pool: CatFilePool) -> ObjectReader:
    return ObjectReader(Repository(place.repo.path), pool)


@pytest.mark.parametrize("name", ["main\nmain", "main\n", "\n", "", "main\r", "a\0b", "main^{commit}\ninfo"])
def test_no_name_ends_a_line_of_the_protocol(local: Place, pool: CatFilePool, name: str) -> None:
    local.repo.commit({"a": "1\n"})
    reader = _reader(local, pool)
    with pytest.raises(ValueError, match="line of the protocol"):
        reader.read([name])
    with pytest.raises(ValueError, match="line of the protocol"):
        reader.facts(["main", name])


@pytest.mark.parametrize("wanted", ["main\nrefs/heads/main", "main\n", "x\0y", "a b", "main^{tree}"])
def test_no_ref_reaches_the_protocol_that_could_be_two(local: Place, wanted: str) -> None:
    local.repo.commit({"a": "1\n"})
    with pytest.raises(RevisionNotFound):
        local.fetched().resolve(wanted)


def test_a_path_is_one_line_or_refused(local: Place) -> None:
    sha = local.repo.commit({"a b/c": "1\n", "blob 12/d": "2\n"})
    source = local.fetched()
    assert source.tree(sha, "a b") == local.repo.git("rev-parse", "main:a b")
    assert source.tree(sha, "blob 12") == local.repo.git("rev-parse", "main:blob 12")
    with pytest.raises(Problem):
        source.tree(sha, "a b\nrefs/heads/main")


def test_a_process_is_used_again_and_ends_when_nobody_asks(local: Place) -> None:
    sha = local.repo.commit({"a": "1\n"})
    reader = _reader(local, CatFilePool(idle_s=0.2))
    assert reader.has(sha)
    (first,) = _kept(local)
    assert reader.has(sha)
    assert [one.pid for one in _kept(local)] == [first.pid]
    end = time.monotonic() + 20
    while _kept(local):
        assert time.monotonic() < end, "it did not end"
        time.sleep(0.02)
    assert reader.has(sha)


@pytest.mark.parametrize("style", [CONTENT, FACTS])
def test_a_killed_process_is_replaced(local: Place, pool: CatFilePool, style: str) -> None:
    sha = local.repo.commit({"a": "1\n"})
    reader = _reader(local, pool)
    for _ in range(2):
        asked = reader.read([sha]) if style == CONTENT else reader.facts([sha])
        assert asked[0] is not None
        assert asked[0].sha == sha
        (kept,) = _kept(local)
        os.kill(kept.pid, signal.SIGKILL)


def test_only_so_many_are_kept(local: Place) -> None:
    local.repo.commit({"a": "1\n"})
    pool = CatFilePool(most=2)
    repository = Repository(local.repo.path)
    with pool.lend(repository, FACTS), pool.lend(repository, FACTS), pool.lend(repository, CONTENT):
        assert len(_kept(local)) == 3
    assert len(_kept(local)) == 2
    pool.close()
    assert _kept(local) == []


def test_an_exchange_that_went_wrong_ends_its_process(local: Place, pool: CatFilePool) -> None:
    local.repo.commit({"a": "1\n"})
    with pytest.raises(KeyError), pool.lend(Repository(local.repo.path), FACTS):
        raise KeyError
    assert _kept(local) == []


def test_a_repository_that_took_anothers_place_is_read_itself(local: Place, pool: CatFilePool, tmp_path: Path) -> None:
    old = local.repo.commit({"a": "1\n"})
    reader = _reader(local, pool)
    assert reader.has(old)
    local.repo.path.rename(tmp_path / "aside")
    with pytest.raises(GitFailed):
        reader.facts([old])
    subprocess.run(["git", "init", "--quiet", "--bare", str(local.repo.path)], check=True)
    assert not reader.has(old)


def test_they_end_with_a_server_that_is_killed(local: Place) -> None:
    local.repo.commit({"a": "1\n"})
    code = (
        "import sys, time; from pathlib import Path; from app.sources.git import Repository\n"
        "from app.sources.objects.cat_file_pool import CatFilePool\n"
        "from app.sources.objects.object_reader import ObjectReader\n"
        "print(ObjectReader(Repository(Path(sys.argv[1])), CatFilePool()).has('0' * 40), flush=True); time.sleep(60)"
    )
    server = subprocess.Popen([sys.executable, "-c", code, str(local.repo.path)], stdout=subprocess.PIPE)
    assert server.stdout is not None
    assert server.stdout.readline() == b"False\n"
    (kept,) = psutil.Process(server.pid).children()
    server.kill()
    server.communicate()
    psutil.wait_procs([kept], timeout=20)
    assert not kept.is_running()


def test_descent_is_told_from_a_straight_line_and_left_to_git_elsewhere(local: Place, pool: CatFilePool) -> None:
    shas = [local.repo.commit({"a": f"{number}\n"}, f"commit {number}") for number in range(40)]
    reader = _reader(local, pool)
    assert descends(reader, shas[3], shas[8]) is True
    assert descends(reader, shas[8], shas[3]) is False
    assert descends(reader, shas[3], shas[3]) is True
    assert descends(reader, "1" * 40, "1" * 40) is False
    assert descends(reader, shas[0], shas[39]) is None
    line = straight(reader, shas[3], shas[6])
    assert line is not None
    assert [one.sha for one in line] == [shas[6], shas[5], shas[4]]
    assert straight(reader, shas[0], shas[39]) is None


def test_a_short_answer_about_commits_is_gits_own(local: Place) -> None:
    shas = [local.repo.commit({"a": f"{number}\n"}, f"Subject {number}\n\nBody\n    indented\n") for number in range(4)]
    source = local.fetched()
    short = source.between(shas[0], shas[3])
    assert [one.sha for one in short] == [shas[3], shas[2], shas[1]]
    assert short == source.between(None, shas[3])[:3]
    assert source.between(shas[0], shas[3], limit=2) == short[:2]
    assert short == tuple(source.resolve(sha) for sha in reversed(shas[1:]))
