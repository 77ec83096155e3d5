"""One contract, several places: a directory in place, one with releases, the same over SSH, and memory."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Self

import pytest

from app.domain.environment import Environment, Mode, SourceSpec, TargetSpec
from app.ports import Target
from app.ssh import Pool
from app.targets.directory.in_place import DirectoryTarget
from app.targets.files.allowed_roots import AllowedRoots
from app.targets.files.file_inventory import FileInventory
from app.targets.inventory.inventory_files import Inventory
from app.targets.memory.memory_kind import MemoryKind
from app.targets.memory.memory_target import MemoryPlace
from app.targets.ssh.ssh_kind import SshKind
from app.targets.target_dependencies import TargetDependencies
from app.targets.target_registry import KINDS, TargetRegistry
from tests.support.delivery import listing
from tests.support.objects import Cluster, ObjectKind
from tests.support.repo import GitRepo
from tests.support.sample_objects import SAMPLE_OBJECTS, SampleObjectsKind, SamplePlace
from tests.support.sshd import SshServer, ready

SHARED = Pool()
Live = dict[bytes, tuple[int, bytes]]


def environment(number: int, kind: str, **options: Any) -> Environment:
    """An environment, of which targets read the id and the target only."""
    return Environment(number, f"e{number}", Mode.PUSH, SourceSpec("unused"), TargetSpec(kind, options))


class Site:
    """A place on disk, and hands that change it behind our back."""

    in_place = True

    def __init__(self, tmp_path: Path, **options: Any) -> None:
        self.data, self.roots, self.path = tmp_path / "data", tmp_path / "srv", tmp_path / "srv" / "site"
        self.data.mkdir()
        self.roots.mkdir()
        self.registry = TargetRegistry(self.data, [self.roots])
        checked = self.registry.check("directory", {"path": str(self.path), **options})
        self.environment = environment(7, "directory", **checked)

    @property
    def folder(self) -> Path:
        """What readers see."""
        return self.path

    def open(self) -> Target:
        """The target, as an operation opens it."""
        return self.registry.open(self.environment)

    def at(self, clock: Callable[[], int]) -> DirectoryTarget:
        """The target, living at another time."""
        place = AllowedRoots(self.data, [self.roots]).place(str(self.path))
        inventory = Inventory(self.data / "inventories" / "7", f"{self.path} (in_place)", FileInventory)
        return DirectoryTarget(place, inventory, clock=clock)

    def later(self) -> DirectoryTarget:
        """The target in an hour, when no stat is too young to be believed."""
        return self.at(lambda: time.time_ns() + 3600 * 10**9)

    def live(self) -> Live:
        """Path → (mode, content)."""
        return listing(self.folder) if self.folder.exists() else {}

    def write(self, path: str | bytes, content: bytes, mode: int = 0o644) -> Path:
        """Write a file in place, as an editor does."""
        file = Path(os.fsdecode(os.path.join(os.fsencode(self.folder), os.fsencode(path))))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        file.chmod(mode)
        return file

    def remove(self, path: str) -> None:
        """Remove a file."""
        (self.folder / path).unlink()

    def chmod(self, path: str, mode: int) -> None:
        """Change permissions."""
        (self.folder / path).chmod(mode)

    def link(self, path: str, text: str) -> None:
        """Put a link there."""
        (self.folder / path).unlink(missing_ok=True)
        (self.folder / path).symlink_to(text)


class ReleaseSite(Site):
    """With releases: hands work in the live one."""

    in_place = False

    def __init__(self, tmp_path: Path) -> None:
        super().__init__(tmp_path, layout="releases", keep_releases=3)

    @property
    def folder(self) -> Path:
        return self.path / "current"


class MemorySite:
    """The same in memory."""

    in_place = True

    def __init__(self, tmp_path: Path) -> None:
        self.registry = TargetRegistry(tmp_path, [tmp_path], [*KINDS, self._kind])
        self.environment = environment(7, "memory")
        self.registry.open(self.environment)

    def _kind(self, dependencies: TargetDependencies) -> MemoryKind:
        kind = MemoryKind(dependencies)
        self._place = kind.places[7] = MemoryPlace()
        return kind

    def open(self) -> Target:
        return self.registry.open(self.environment)

    def live(self) -> Live:
        return dict(self._place.files)

    def write(self, path: str | bytes, content: bytes, mode: int = 0o644) -> None:
        self._place.files[os.fsencode(path)] = (0o100000 | mode, content)

    def remove(self, path: str) -> None:
        del self._place.files[path.encode()]

    def chmod(self, path: str, mode: int) -> None:
        self._place.files[path.encode()] = (0o100000 | mode, self._place.files[path.encode()][1])

    def link(self, path: str, text: str) -> None:
        self._place.files[path.encode()] = (0o120000, text.encode())


class SshSite(Site):
    """On a host behind a real sshd, which is this machine."""

    def __init__(self, tmp_path: Path, server: SshServer | None = None, **options: Any) -> None:
        self.server = server or shared_server()
        self.data, self.roots, self.path = tmp_path / "data", tmp_path / "srv", tmp_path / "srv" / "site"
        self.data.mkdir(exist_ok=True, parents=True)
        self.roots.mkdir(exist_ok=True)
        self.form = b""
        self.registry = self.connect()
        values = {**login(self.server), "path": str(self.path), **options}
        self.environment = environment(7, "ssh", **self.registry.check("ssh", values))

    def connect(self, pool: Pool | None = None) -> TargetRegistry:
        """A registry; with connections of its own, or with those that all tests share."""
        kinds = [lambda dependencies: SshKind(replace(dependencies, pool=pool or SHARED), self.form)]
        return TargetRegistry(self.data, [self.roots], kinds, secret=lambda _: {"private_key": self.server.private_key})

    def listed_as(self, form: bytes) -> Self:
        """On a host whose find has no -printf."""
        self.form = form
        self.registry = self.connect()
        return self


def login(server: SshServer) -> dict[str, Any]:
    """Options that lead to a server."""
    host_key = server.known_hosts.partition(" ")[2].strip()
    return {"host": "127.0.0.1", "port": server.port, "user": server.user, "credential": "key", "host_key": host_key}


class SshReleaseSite(SshSite):
    """With releases there."""

    in_place = False

    def __init__(self, tmp_path: Path, server: SshServer | None = None) -> None:
        super().__init__(tmp_path, server, layout="releases", keep_releases=3)

    @property
    def folder(self) -> Path:
        return self.path / "current"


@cache
def shared_server() -> SshServer:
    """One server for all tests of this process."""
    if not ready():
        pytest.skip("no sshd here (Debian: apt-get install openssh-server): targets over SSH were not tested")
    folder = tempfile.mkdtemp(prefix="pushpull-sshd-")
    server = SshServer(Path(folder))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(server.stop)
    return server


SITES: dict[str, Callable[[Path], Any]] = {
    "in_place": Site,
    "releases": ReleaseSite,
    "memory": MemorySite,
    "ssh": SshSite,
    "ssh-releases": SshReleaseSite,
}


class SampleObjectsSite:
    """Objects in memory."""

    def __init__(self, tmp_path: Path) -> None:
        self.registry = TargetRegistry(tmp_path, [tmp_path], [*KINDS, self._kind])
        name = SAMPLE_OBJECTS.name
        self.environment = environment(7, name, **self.registry.check(name, {"name": "shop"}))

    def _kind(self, dependencies: TargetDependencies) -> SampleObjectsKind:
        kind = SampleObjectsKind(dependencies)
        self._place: SamplePlace | Cluster = SamplePlace()
        kind.places["shop"] = self._place
        return kind

    def open(self) -> Target:
        return self.registry.open(self.environment)

    def live(self) -> dict[bytes, bytes]:
        return dict(self._place.documents)

    def write(self, key: bytes, content: bytes) -> None:
        self._place.documents[key] = content

    def remove(self, key: bytes) -> None:
        del self._place.documents[key]


class InventoriedObjectsSite(SampleObjectsSite):
    """Objects in memory, with the generic inventory on disk."""

    def __init__(self, tmp_path: Path) -> None:
        self.registry = TargetRegistry(tmp_path, [tmp_path], [*KINDS, self._inventoried])
        self.environment = environment(7, "objects")

    def _inventoried(self, dependencies: TargetDependencies) -> ObjectKind:
        kind = ObjectKind(dependencies)
        self._place = kind.clusters[7] = Cluster()
        return kind


OBJECT_SITES: dict[str, Callable[[Path], Any]] = {
    "sample": SampleObjectsSite,
    "inventoried": InventoriedObjectsSite,
}


@pytest.fixture(params=OBJECT_SITES)
def object_site(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Each place that takes objects in turn."""
    return OBJECT_SITES[request.param](tmp_path)


@pytest.fixture(params=SITES)
def any_site(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Each place in turn."""
    return SITES[request.param](tmp_path)


@pytest.fixture(params=["in_place", "memory", "ssh"])
def lasting_site(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """AllowedRoots in which files outlive a delivery that are not part of it: a release holds nothing but the tree."""
    return SITES[request.param](tmp_path)


@pytest.fixture
def quick_path(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: killing and racing need no disk that is really synced."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory, prefix="pushpull-test-") as folder:
        yield Path(folder)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A directory, delivered in place."""
    return Site(tmp_path)


@pytest.fixture
def releases(tmp_path: Path) -> ReleaseSite:
    """A directory with releases."""
    return ReleaseSite(tmp_path)


@pytest.fixture
def repo(tmp_path: Path) -> GitRepo:
    """An empty repository."""
    return GitRepo(tmp_path / "repo.git")
