"""What a look at a remote's refs costs and tells: one git process, and what its server would show."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.sources.conftest import Place
from tests.support.repo import GitRepo


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file in which each start of git, env or sh leaves a line."""
    log, folder = tmp_path / "started", tmp_path / "bin"
    folder.mkdir()
    for name in ("git", "env", "sh"):
        script = folder / name
        script.write_text(f'#!/bin/bash\necho "{name} $*" >> {log}\nexec {shutil.which(name)} "$@"\n')
        script.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    monkeypatch.setenv("GIT_PAGER", "cat")
    log.touch()
    return log


def test_a_poll_starts_one_process(place: Place, started: Path) -> None:
    sha = place.repo.commit({"a": "1"})
    source = place.fetched()
    started.write_text("")
    assert source.remote_heads() == {"HEAD": sha, "refs/heads/main": sha}
    ours = [line for line in started.read_text().splitlines() if "ls-remote" in line or "show-ref" in line]
    others = set(started.read_text().splitlines()) - set(ours)
    assert len(ours) == 1
    assert not any(line.startswith(("env", "sh")) for line in others)
    if place.url == place.repo.url:
        assert not others


def ls_remote(repo: GitRepo) -> dict[str, str]:
    """What git itself says of a local repository's branches and tags."""
    out = subprocess.run(
        ["git", "ls-remote", "--heads", "--tags", str(repo.path)], capture_output=True, check=True, text=True
    ).stdout
    return {name.removesuffix("^{}"): sha for sha, name in (line.split("\t") for line in out.splitlines())}


def heads(place: Place) -> dict[str, str]:
    """What a poll sees, without the default branch."""
    return {name: sha for name, sha in place.open().remote_heads().items() if name != "HEAD"}


def test_a_local_repository_says_what_its_server_would(local: Place) -> None:
    sha = local.repo.commit({"a": "1"})
    for command in (("branch", "other", sha), ("tag", "plain", sha), ("pack-refs", "--all"), ("branch", "loose", sha)):
        local.repo.git(*command)
    local.repo.git("-c", "user.name=a", "-c", "user.email=a@b", "tag", "-a", "-m", "m", "told", sha)
    local.fetched()
    assert heads(local) == ls_remote(local.repo)
    assert len(heads(local)) == 5


@pytest.mark.parametrize("how", ["transfer.hideRefs", "uploadpack.hideRefs", "include.path"])
def test_hidden_refs_stay_hidden(local: Place, how: str) -> None:
    sha = local.repo.commit({"a": "1"})
    local.repo.git("branch", "secret", sha)
    local.fetched()
    value = "refs/heads/secret"
    if how == "include.path":
        (local.repo.path / "more").write_text(f"[transfer]\nhideRefs = {value}\n")
        value = "more"
    local.repo.git("config", how, value)
    assert set(heads(local)) == {"refs/heads/main"}


def test_a_broken_ref_does_not_hide_the_others(local: Place) -> None:
    local.repo.commit({"a": "1"})
    local.fetched()
    (local.repo.path / "refs/heads/broken").write_text("1" * 40 + "\n")
    assert heads(local) == ls_remote(local.repo)
    assert "refs/heads/main" in heads(local)


def test_a_worktree_says_what_its_repository_does(local: Place, tmp_path: Path) -> None:
    sha = local.repo.commit({"a": "1"})
    tree = tmp_path / "repos" / "tree"
    local.repo.git("worktree", "add", "--quiet", "-b", "side", str(tree), sha)
    beside = Place(local.repo, str(tree), local.sources)
    beside.fetched()
    assert heads(beside) == ls_remote(local.repo)
    assert set(heads(beside)) == {"refs/heads/main", "refs/heads/side"}
