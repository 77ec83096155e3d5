"""Opening repositories: the address is checked, its mirror found."""

from __future__ import annotations

import hashlib
import threading
from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from app.domain.environment import SourceSpec
from app.domain.errors import SourceRefused
from app.ports.sources import Probe
from app.sources import repository_probe as probing
from app.sources.content import Means, Submodule, SubmoduleTrees
from app.sources.git_source import GitSource
from app.sources.lfs import LfsObjects, LfsServer
from app.sources.locks import own_disk
from app.sources.mirror import Mirror
from app.sources.objects.cat_file_pool import CatFilePool
from app.sources.objects.trees import Limits
from app.sources.objects.unsupported_cache import Verdicts
from app.sources.remote import address as addresses
from app.sources.remote.address import Address
from app.sources.remote.courtesy import Courtesy
from app.sources.remote.git_remote import Patience, Remote
from app.sources.remote.repository_login import GitLogins, Secret


class GitSources:
    """Git repositories: app.ports.Sources. May be used by many threads and processes at once.

    `data_dir` holds the mirrors; `roots` are the directories below which local repositories may lie; `secret` returns
    a credential's values by name: {"kind": "token", "token", "username"?}, {"kind": "password", "username", "password"}
    or {"kind": "ssh-key", "private_key", "known_hosts"?}.
    """

    def __init__(
        self,
        data_dir: Path,
        roots: Sequence[Path],
        secret: Secret | None = None,
        *,
        patience: Patience | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._folder = data_dir.absolute() / "mirrors"
        self._known_hosts = data_dir.absolute() / "known_hosts"
        self._roots, self._secret = tuple(root.absolute() for root in roots), secret
        self._patience, self._limits = patience or Patience(), limits or Limits()
        self._verdicts: defaultdict[str, Verdicts] = defaultdict(Verdicts)
        self._pool, self._courtesy = CatFilePool(), Courtesy()
        self._turn = threading.Lock()

    def open(self, repo_url: str, credential: str | None = None) -> GitSource:
        """The repository's mirror. Raises SourceRefused for an address that is not allowed."""
        address = self._address(repo_url)
        return self._opened(address, credential, self._mirror(address, credential))

    def server(self, repo_url: str) -> str:
        """The server that answers for a repository; "" where it is this machine."""
        try:
            return addresses.parse(repo_url, self._roots).server
        except SourceRefused:
            return ""

    def shape(self, repo_url: str) -> None:
        """An address for another machine, whose disk may hold repositories anywhere."""
        addresses.parse(repo_url, (Path("/"),))

    def probe(self, spec: SourceSpec) -> Probe:
        """Look at a repository without keeping anything."""
        address = self._address(spec.repo_url)
        remote, mirror = self._remote(address, spec.credential), self._mirror(address, spec.credential)
        with own_disk():
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            opened = partial(self._opened, address, spec.credential)
            return probing.probe(spec, remote, mirror, opened, self._folder)

    def _address(self, repo_url: str) -> Address:
        address = addresses.parse(repo_url, self._roots)
        if address.local and addresses.inside(address.url, [self._folder]):
            mend = "Write the repository's own address."
            raise addresses.refused("This directory belongs to PushPull's mirrors.", mend)
        return address

    def _mirror(self, address: Address, credential: str | None) -> Mirror:
        """What one credential has fetched serves nobody who comes with another."""
        with_one = credential is not None and not address.local
        whose = "+" + hashlib.sha256(str(credential).encode()).hexdigest()[:16] if with_one else ""
        return Mirror(self._folder, address.key + whose, self._pool)

    def _access(self, address: Address, credential: str | None) -> GitLogins:
        return GitLogins(address, credential, self._secret, self._known_hosts)

    def _remote(self, address: Address, credential: str | None) -> Remote:
        access, nowhere = self._access(address, credential), self._folder / "none.git"
        return Remote(address, access, self._roots, self._patience, nowhere, self._courtesy)

    def _opened(self, address: Address, credential: str | None, mirror: Mirror, depth: int = 0) -> GitSource:
        """A repository's mirror. `depth`: of how many repositories it is a submodule."""
        with self._turn:
            verdicts = self._verdicts[address.key]
        server = LfsServer(address, self._access(address, credential), self._patience.transfer)
        modules = SubmoduleTrees(address, depth, self._address, partial(self._submodule, credential))
        means = Means(self._limits, LfsObjects(mirror, server, self._limits), modules)
        return GitSource(mirror, self._remote(address, credential), verdicts, means)

    def _submodule(self, credential: str | None, address: Address, depth: int) -> Submodule:
        mirror = self._mirror(address, credential)
        return Submodule(self._opened(address, credential, mirror, depth), mirror.repository.git_dir)
