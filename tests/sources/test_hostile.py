"""Repositories, refs and surroundings that want something run or read. A marker file would show that they got it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.domain.environment import SourceSpec
from app.domain.errors import InvalidInput, Problem, PushRejected, RevisionNotFound, SourceRefused, UnsafePath
from app.domain.revision import Person
from app.domain.state.git_files import FILE
from app.sources import GitSources, Patience
from app.sources.git import Repository
from app.sources.remote.address import Address
from app.sources.remote.git_remote import Remote
from app.sources.remote.repository_login import GitLogins
from tests.sources.conftest import Place
from tests.support.gitserver import GitServer
from tests.support.repo import GitRepo

ANN = Person("Ann", "ann@example.org")


@pytest.fixture
def marker(tmp_path: Path) -> Iterator[Path]:
    """A file that whoever gets a command run creates; it must not be there in the end."""
    path = tmp_path / "marker"
    yield path
    assert not path.exists(), "a command was run"


def _run_everything(sources: GitSources, url: str) -> None:
    """Do whatever can be done with a repository, as far as it gets."""
    steps: list[Callable[[], object]] = [
        lambda: sources.probe(SourceSpec(url, "main")),
        lambda: sources.open(url).remote_heads(),
        lambda: sources.open(url).fetch(),
        lambda: list(sources.open(url).entries(sources.open(url).tree(sources.open(url).resolve("main").sha, ""))),
        lambda: sources.open(url).commit(
            "main", sources.open(url).resolve("main").sha, {b"a": (FILE, b"mine")}, "m", ANN
        ),
    ]
    for step in steps:
        try:
            step()
        except Problem:
            continue


ADDRESSES = [
    "ext::sh -c 'touch {marker}'",
    "ext::touch% {marker}",
    "--upload-pack=touch {marker};",
    "-u touch {marker}",
    "ssh://-oProxyCommand=touch%20{marker}/x",
    "ssh://127.0.0.1:1/$(touch {marker})",
    "-oProxyCommand=touch {marker}:x",
    "git@host;touch {marker}:x",
    "git@`touch {marker}`:x",
    "fd::0",
    "file://{root}/site.git;touch {marker}",
    "{root}/$(touch {marker})",
    "https://$(touch {marker})/x",
]


def test_no_address_runs_anything(local: Place, marker: Path, tmp_path: Path) -> None:
    local.repo.commit({"a": "1"})
    for address in ADDRESSES:
        _run_everything(local.sources, address.format(marker=marker, root=tmp_path / "repos"))
        assert not marker.exists(), address


def test_a_transport_helper_is_not_run_even_past_the_check(marker: Path, tmp_path: Path) -> None:
    address = Address(f"ext::touch {marker}", "https")
    access = GitLogins(address, None, None, tmp_path / "known_hosts")
    nowhere = tmp_path / "none"
    with pytest.raises(SourceRefused, match="another kind of address"):
        Remote(address, access, [], Patience(), nowhere).listing()


NAMES = ["-x", "--upload-pack=touch {marker}", "$(touch {marker})", "a;touch {marker}", "`id`"]


def test_no_ref_or_path_runs_anything(local: Place, marker: Path) -> None:
    sha = local.repo.commit({"a": "1"})
    source = local.fetched()
    for name in NAMES:
        text = name.format(marker=marker)
        with pytest.raises(RevisionNotFound):
            source.resolve(text)
        with pytest.raises(RevisionNotFound):
            local.sources.probe(SourceSpec(local.url, text))
        assert list(source.entries(source.tree(sha, text))) == []
        if not text.startswith(("$", "a;", "`")):
            with pytest.raises(InvalidInput):
                source.commit(text, sha, {b"a": (FILE, b"2")}, "m", ANN)


def test_refs_that_look_like_options_do_no_harm(local: Place, marker: Path) -> None:
    sha = local.repo.commit({"a": "1"})
    packed = local.repo.path / "packed-refs"
    packed.write_text("".join(f"{sha} refs/heads/{name}\n" for name in ("--exec=touch", "-u", "main;touch")))
    source = local.fetched()
    assert source.resolve("main").sha == sha
    assert source.resolve("main;touch").sha == sha
    assert source.fetch() == ()


def test_hooks_of_a_local_repository_are_not_run(local: Place, marker: Path) -> None:
    parent = local.repo.commit({"a": "1"})
    hooks = local.repo.path / "hooks"
    hooks.mkdir()
    names = (
        "pre-receive",
        "update",
        "post-receive",
        "post-update",
        "reference-transaction",
        "proc-receive",
        "pre-push",
    )
    for name in names:
        (hooks / name).write_text(f"#!/bin/sh\ntouch {marker}\n")
        (hooks / name).chmod(0o755)
    source = local.fetched()
    made = source.commit("main", parent, {b"a": (FILE, b"2")}, "m", ANN)
    assert local.repo.sha("main") == made.sha


COMMANDS = [
    ("core.fsmonitor", "touch {marker}"),
    ("core.sshCommand", "touch {marker};"),
    ("core.gitProxy", "touch {marker}"),
    ("core.pager", "touch {marker}"),
    ("uploadpack.packObjectsHook", "touch {marker};"),
    ("gpg.program", "{hooks}/post-receive"),
    ("credential.helper", "!touch {marker};"),
    ("receive.denyCurrentBranch", "updateInstead"),
    ("filter.x.smudge", "touch {marker}; cat"),
    ("core.alternateRefsCommand", "touch {marker};"),
]


@pytest.mark.parametrize(
    "settings", [COMMANDS, [("core.hooksPath", "{hooks}")], [("url.ext::touch {marker} .insteadOf", "/")]]
)
def test_settings_of_a_local_repository_run_nothing(
    settings: list[tuple[str, str]], local: Place, marker: Path, tmp_path: Path
) -> None:
    local.repo.commit({"a": "1", ".gitattributes": "* filter=x\n"})
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("post-receive", "pre-receive", "push-to-checkout"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {marker}\n")
        (hooks / name).chmod(0o755)
    alternate = GitRepo(tmp_path / "repos" / "alternate.git")
    (local.repo.path / "objects/info").mkdir(exist_ok=True)
    (local.repo.path / "objects/info/alternates").write_text(f"{alternate.path}/objects\n")
    for setting in settings:
        local.repo.git("config", *(part.format(marker=marker, hooks=hooks) for part in setting))
    _run_everything(local.sources, local.url)


def test_a_checked_out_branch_of_a_local_repository_is_not_overwritten(local: Place, tmp_path: Path) -> None:
    sha = local.repo.commit({"a": "1"})
    work = tmp_path / "repos" / "work"
    local.repo.git("clone", "--quiet", str(local.repo.path), str(work))
    source = local.sources.open(str(work))
    source.fetch()
    with pytest.raises(Problem, match="checked out"):
        source.commit("main", sha, {b"a": (FILE, b"2")}, "m", ANN)
    assert (work / "a").read_text() == "1"


def test_a_local_checkout_is_not_updated_with_its_own_filters(local: Place, marker: Path, tmp_path: Path) -> None:
    sha = local.repo.commit({"a": "1", ".gitattributes": "* filter=x\n"})
    work = tmp_path / "repos" / "work"
    local.repo.git("clone", "--quiet", str(local.repo.path), str(work))
    checkout = _at(work / ".git")
    checkout.git("config", "receive.denyCurrentBranch", "updateInstead")
    checkout.git("config", "filter.x.smudge", f"touch {marker}; cat")
    source = local.sources.open(str(work))
    source.fetch()
    with pytest.raises(PushRejected, match="checked out"):
        source.commit("main", sha, {b"a": (FILE, b"2")}, "m", ANN)


def test_a_partial_clone_as_source_fetches_nothing_by_command(local: Place, marker: Path, tmp_path: Path) -> None:
    local.repo.commit({"a": "secret content"})
    partial = tmp_path / "repos" / "partial.git"
    local.repo.git("config", "uploadpack.allowFilter", "true")
    local.repo.git("clone", "--quiet", "--bare", "--filter=blob:none", f"file://{local.repo.path}", str(partial))
    config = partial / "config"
    config.write_text(config.read_text() + f'[remote "origin"]\n\tuploadpack = touch {marker};\n')
    _run_everything(local.sources, str(partial))


# --- local repositories that point elsewhere ---
@pytest.fixture
def outside(tmp_path: Path) -> GitRepo:
    """A repository that is not open."""
    repo = GitRepo(tmp_path / "private.git")
    repo.commit({"secret": "hunter2"})
    return repo


def _gitfile(repos: Path, private: Path) -> None:
    (repos / "bad").mkdir()
    (repos / "bad" / ".git").write_text(f"gitdir: {private}\n")


def _gitlink(repos: Path, private: Path) -> None:
    (repos / "bad").mkdir()
    (repos / "bad" / ".git").symlink_to(private)


def _commondir(repos: Path, private: Path) -> None:
    bad = GitRepo(repos / "bad")
    (bad.path / "commondir").write_text(f"{private}\n")


def _alternates(repos: Path, private: Path) -> None:
    bad = GitRepo(repos / "bad")
    (bad.path / "objects/info").mkdir(exist_ok=True)
    (bad.path / "objects/info/alternates").write_text(f"{private}/objects\n")
    head = (private / "refs/heads/main").read_text()
    (bad.path / "refs/heads/main").write_text(head)


def _alternates_of_alternates(repos: Path, private: Path) -> None:
    _alternates(repos, private)
    (repos / "bad").rename(repos / "middle")
    (repos / "middle2").mkdir()
    bad = GitRepo(repos / "bad")
    (bad.path / "objects/info").mkdir(exist_ok=True)
    (bad.path / "objects/info/alternates").write_text("../../middle/objects\n")


def _objects(repos: Path, private: Path) -> None:
    bad = GitRepo(repos / "bad")
    for folder in sorted((bad.path / "objects").glob("*")):
        folder.rmdir()
    (bad.path / "objects").rmdir()
    (bad.path / "objects").symlink_to(private / "objects")


def _one_ref(repos: Path, private: Path) -> None:
    bad = GitRepo(repos / "bad")
    (bad.path / "refs/heads/main").symlink_to(private / "refs/heads/main")


def _one_folder(repos: Path, private: Path) -> None:
    bad = GitRepo(repos / "bad")
    sha = (private / "refs/heads/main").read_text()
    (bad.path / "objects" / sha[:2]).symlink_to(private / "objects" / sha[:2])


def _replaced(repos: Path, private: Path) -> None:
    (repos / "bad").symlink_to(private)


@pytest.mark.parametrize(
    "way",
    [
        _gitfile,
        _gitlink,
        _commondir,
        _alternates,
        _alternates_of_alternates,
        _objects,
        _one_ref,
        _one_folder,
        _replaced,
    ],
)
def test_a_repository_below_the_root_does_not_reach_out_of_it(
    way: Callable[[Path, Path], None], sources: GitSources, outside: GitRepo, tmp_path: Path
) -> None:
    repos = tmp_path / "repos"
    repos.mkdir()
    way(repos, outside.path)
    with pytest.raises(SourceRefused):
        sources.open(str(repos / "bad")).fetch()
    with pytest.raises(SourceRefused):
        sources.probe(SourceSpec(str(repos / "bad"), "main"))


def test_a_repository_that_is_exchanged_later_is_refused(local: Place, outside: GitRepo, tmp_path: Path) -> None:
    local.repo.commit({"a": "1"})
    source = local.fetched()
    local.repo.path.rename(tmp_path / "repos" / "moved.git")
    local.repo.path.symlink_to(outside.path)
    with pytest.raises(SourceRefused):
        source.fetch()


def test_worktrees_and_plain_clones_below_the_root_work(local: Place, tmp_path: Path) -> None:
    sha = local.repo.commit({"a": "1"})
    work, tree = tmp_path / "repos" / "work", tmp_path / "repos" / "tree"
    local.repo.git("clone", "--quiet", str(local.repo.path), str(work))
    GitRepo.git(_at(work / ".git"), "worktree", "add", "--quiet", str(tree), "-b", "side")
    for path in (work, tree):
        source = local.sources.open(str(path))
        source.fetch()
        assert source.resolve("main").sha == sha


def _at(path: Path) -> GitRepo:
    repo = GitRepo.__new__(GitRepo)
    repo.path = path
    return repo


def test_mirrors_of_others_are_no_source(new_sources: Callable[..., GitSources], tmp_path: Path, repo: GitRepo) -> None:
    repo.commit({"a": "1"})
    sources = new_sources("repos/data")
    sources.open(repo.url).fetch()
    (mirror,) = (tmp_path / "repos/data/mirrors").glob("*.git")
    with pytest.raises(SourceRefused, match="belongs to PushPull"):
        sources.open(str(mirror))


# --- surroundings ---
def test_nothing_around_steers_git(
    web: Place, marker: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, outside: GitRepo
) -> None:
    sha = web.repo.commit({"a": "1"})
    home = tmp_path / "home"
    (home / ".config/git").mkdir(parents=True)
    settings = f"[core]\n\tsshCommand = touch {marker};\n\tfsmonitor = touch {marker}\n"
    settings += f"[credential]\n\thelper = !touch {marker};\n"
    settings += f'[url "ext::touch {marker} "]\n\tinsteadOf = http\n'
    for file in (home / ".gitconfig", home / ".config/git/config", home / "system"):
        file.write_text(settings)
    for name, value in {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "GIT_CONFIG_SYSTEM": str(home / "system"),
        "GIT_CONFIG_GLOBAL": str(home / "system"),
        "GIT_CONFIG_PARAMETERS": f"'url.ext::touch {marker} .insteadOf=http'",
        "GIT_DIR": str(outside.path),
        "GIT_INDEX_FILE": str(marker),
        "GIT_OBJECT_DIRECTORY": str(outside.path / "objects"),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(outside.path / "objects"),
        "GIT_NAMESPACE": "x",
        "GIT_ASKPASS": f"touch {marker}",
        "SSH_ASKPASS": f"touch {marker}",
        "GIT_EXTERNAL_DIFF": f"touch {marker}",
        "GIT_SSH_COMMAND": f"touch {marker};",
        "GIT_TRACE": str(marker),
        "GIT_PROXY_COMMAND": f"touch {marker}",
    }.items():
        monkeypatch.setenv(name, value)
    _run_everything(web.sources, web.url)
    assert web.sources.open(web.url).is_ancestor(sha, "e" * 40) is False
    assert web.sources.open(web.url).resolve(sha).sha == sha


def test_our_own_settings_are_not_handed_on(local: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PUSHPULL_BOOTSTRAP_TOKEN", "hunter2")
    monkeypatch.setenv("GIT_PAGER", "hunter2")
    seen = Repository(local.repo.path).run("-c", "alias.show-env=!env", "show-env").decode()
    assert "GIT_DIR=" in seen
    assert "hunter2" not in seen


def test_gitpython_is_imported_by_the_first_command_only() -> None:
    code = "import sys, app.sources; print('git' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout == b"False\n"


def test_log_in_data_of_the_machines_user_is_not_used(
    web: Place, server: GitServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server.user, server.password = "ann", "hunter2"
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login ann password hunter2\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(Problem, match="needs a log-in"):
        web.open().fetch()
    assert not any("authorization" in seen.headers for seen in server.seen)


def test_no_path_outside_is_committed(local: Place) -> None:
    sha = local.repo.commit({"a": "1"})
    source = local.fetched()
    for path in [b"../x", b"/etc/x", b"a/../../x", b".git/config", b"a/.GIT/x", b"", b"a//b"]:
        with pytest.raises(UnsafePath):
            source.commit("main", sha, {path: (FILE, b"x")}, "m", ANN)
    assert local.repo.sha("main") == sha
