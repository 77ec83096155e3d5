"""One repository, reached in every way that PushPull knows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.sources import GitSources
from app.sources.git_source import GitSource
from tests.support import sshd
from tests.support.gitserver import GitServer
from tests.support.repo import GitRepo
from tests.support.sshd import SshServer


@dataclass
class Place:
    """A repository and the sources that know it."""

    repo: GitRepo
    url: str
    sources: GitSources
    credential: str | None = None

    def open(self) -> GitSource:
        """The source."""
        return self.sources.open(self.url, self.credential)

    def fetched(self) -> GitSource:
        """The source, with its mirror up to date."""
        source = self.open()
        source.fetch()
        return source


@pytest.fixture
def secrets() -> dict[str, Mapping[str, str]]:
    """Credentials by name; tests add theirs."""
    return {}


@pytest.fixture
def new_sources(tmp_path: Path, secrets: dict[str, Mapping[str, str]]) -> Callable[..., GitSources]:
    """Makes sources that may open what lies below tmp_path/repos."""

    def make(data: str = "data", **options: object) -> GitSources:
        return GitSources(tmp_path / data, [tmp_path / "repos"], secrets.__getitem__, **options)  # type: ignore[arg-type]

    return make


@pytest.fixture
def sources(new_sources: Callable[..., GitSources]) -> GitSources:
    """The sources of one installation."""
    return new_sources()


@pytest.fixture
def repo(tmp_path: Path) -> GitRepo:
    """An empty repository below the root."""
    return GitRepo(tmp_path / "repos" / "site.git")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    """A smart HTTP server of all repositories."""
    (tmp_path / "repos").mkdir(exist_ok=True)
    with GitServer(tmp_path / "repos") as running:
        yield running


@pytest.fixture(scope="session")
def ssh_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    """A real sshd that lets in its own key."""
    if not sshd.ready():
        pytest.skip("NOT TESTED: Git over SSH needs an installed OpenSSH server (sshd)")
    with SshServer(tmp_path_factory.mktemp("sshd")) as running:
        yield running


@pytest.fixture
def local(repo: GitRepo, sources: GitSources) -> Place:
    """The repository by its path."""
    return Place(repo, repo.url, sources)


@pytest.fixture
def web(repo: GitRepo, sources: GitSources, server: GitServer) -> Place:
    """The repository over HTTP."""
    return Place(repo, server.url(repo.path), sources)


@pytest.fixture
def shell(repo: GitRepo, sources: GitSources, ssh_server: SshServer, secrets: dict[str, Mapping[str, str]]) -> Place:
    """The repository over SSH."""
    secrets["deploy"] = {"kind": "ssh-key", "private_key": ssh_server.private_key}
    return Place(repo, ssh_server.url(repo.path), sources, "deploy")


@pytest.fixture(params=["local", "web", "shell"])
def place(request: pytest.FixtureRequest) -> Place:
    """The repository, in every way."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Place)
    return found
