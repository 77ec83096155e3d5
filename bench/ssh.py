"""Push and refresh over SSH against rsync, ansible-core and pyinfra, on a real sshd of this machine."""

from __future__ import annotations

import shlex
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from app.desired.files import FileState
from app.domain.environment import Environment, Mode, SourceSpec, TargetSpec
from app.domain.state.plan import compare
from app.ports import Source
from app.processes import private_folder
from app.sources import GitSources
from app.targets.target_registry import TargetRegistry
from bench.ground import Ground, NotInstalled, command
from bench.measuring import Case, Figure, Result, Verdict, interleaved, ratio
from bench.ssh_peers import ANSIBLE, FEWER, PYINFRA, Peer, peers
from bench.stand import expect
from bench.trees import PATH, Edits, checkout, file_name, repository
from tests.support.sshd import SshServer, ready

TOLD = """files in a target behind an sshd on this machine: look, compare and apply, from a mirror that has the commit.
`rsync -a -e ssh` logs in each time, as it does where nobody shares connections; "kept" goes through one
connection, as we do."""
NOTES = (
    """We look at what changed before we write it, digest what we find, unpack beside and rename; rsync without
  `--checksum` believes size and time, and writes each file beside as well.""",
    """A refresh digests on the host only what moved since the last one; `rsync -nrc` reads all on both sides.""",
    f"""ansible-core's copy and pyinfra's files.sync are given one file in {FEWER} and one turn, because they take that
  long; ansible keeps its connection and pipelines. Their times hold the start of their process.""",
)
SETTLED_S = 3.2


def run(ground: Ground) -> Result:
    """One changed file, every file new, nothing changed."""
    if not ready():
        raise NotInstalled("sshd is not installed (Debian: apt-get install openssh-server)")
    if not shutil.which("rsync"):
        raise NotInstalled("rsync is not installed (Debian: apt-get install rsync)")
    files = ground.of(1_000, 60)
    with SshServer(ground.folder / "sshd") as server:
        there = _There(ground.folder, server, files)
        with there.connected():
            figures = interleaved(there.use_cases(), ground.rounds)
            for peer in there.peers():
                figures |= peer.measured()
    return _result(files, figures)


class _There:
    """A tree, delivered over SSH by us and by rsync."""

    def __init__(self, folder: Path, server: SshServer, files: int) -> None:
        self._folder, self._server, self._files = folder, server, files
        self._repo = repository(folder / "repo.git", files)
        self._edits = Edits(self._repo)
        self._plain = checkout(self._repo, folder / "plain")
        self._live, self._copies = folder / "live", folder / "copies"
        self._copies.mkdir()
        data = folder / "data"
        data.mkdir()
        self._source: Source = GitSources(data, [folder]).open(str(self._repo.path))
        self._source.fetch()
        self._registry = TargetRegistry(data, [data], secret=lambda _: {"private_key": server.private_key})
        self._round = 0
        self._number = 1

    @contextmanager
    def connected(self) -> Iterator[None]:
        """With the connection made, one tree delivered and settled, for us and for rsync alike."""
        with private_folder() as short:  # sockets need short names
            self._kept = _kept(self._server, self._folder, short / "s")
            yield from self._settled()

    def _settled(self) -> Iterator[None]:
        try:
            self._deliver(1)
            for way in ("once", "kept"):
                self._rsync(way, "changed")()
            time.sleep(SETTLED_S)
            self._look()
            yield
        finally:
            command("ssh", "-F", str(self._kept), "-O", "exit", "there")
            self._registry.close()

    def use_cases(self) -> dict[str, Case]:
        """All that is timed."""
        fresh = lambda: shutil.rmtree(self._copies / "new", ignore_errors=True)  # noqa: E731
        return {
            "push, 1 changed": Case(lambda: self._deliver(1, changed=1), self._commit),
            "rsync, 1 changed": Case(self._rsync("once", "changed"), self._edit),
            "rsync kept, 1 changed": Case(self._rsync("kept", "changed"), self._edit),
            "push, all new": Case(self._all_new, self._next),
            "rsync, all new": Case(self._rsync("once", "new"), fresh),
            "rsync kept, all new": Case(self._rsync("kept", "new"), fresh),
            "refresh": Case(self._look, self._settle),
            "rsync -nrc": Case(self._rsync("once", "changed", "-nrc")),
            "rsync -nrc kept": Case(self._rsync("kept", "changed", "-nrc")),
        }

    def peers(self) -> list[Peer]:
        """Tools that are measured a few times only."""
        return peers(self._folder / "peers", self._server, self._kept, self._plain, self._files)

    # --- ours ---
    def _environment(self, number: int) -> Environment:
        options = {
            "host": "127.0.0.1", "port": self._server.port, "user": self._server.user, "credential": "key",
            "host_key": self._server.known_hosts.partition(" ")[2].strip(), "path": str(self._live / str(number)),
        }  # fmt: skip
        spec = TargetSpec("ssh", self._registry.check("ssh", options))
        return Environment(number, f"e{number}", Mode.PUSH, SourceSpec(str(self._repo.path)), spec)

    def _deliver(self, number: int, changed: int | None = None) -> None:
        target = self._registry.open(self._environment(number))
        sha = self._source.resolve("main").sha
        desired = FileState(self._source, SourceSpec("", path=PATH), sha, self._source.tree(sha, PATH))
        changes = desired.changes_since(target.inventory().state) or ()
        live = target.look([change.key for change in changes], only=changed is not None)
        plan = compare(changes, live)
        expect(changed is None or len(plan.work) == changed, f"{len(plan.work)} files to write, not {changed}")
        target.apply(plan, desired, _Silent())

    def _commit(self) -> None:
        self._edits.commit()
        self._source.fetch()

    def _next(self) -> None:
        self._number += 1

    def _all_new(self) -> None:
        self._deliver(self._number)

    def _settle(self) -> None:
        """What was delivered is two seconds old and was looked at since, as between two refreshes."""
        time.sleep(SETTLED_S)
        self._look()

    def _look(self) -> None:
        live = self._registry.open(self._environment(1)).look()
        expect(not live.deviations and not live.unmanaged_count, "something moved")

    # --- rsync ---
    def _edit(self) -> None:
        self._round += 1
        (self._plain.parent / file_name(7)).write_text(f"round {self._round}, {time.time()}\n")

    def _rsync(self, way: str, copy: str, options: str = "-a") -> Callable[[], None]:
        def go() -> None:
            control = [] if way == "kept" else ["-o", "ControlPath=none"]
            ssh = shlex.join(["ssh", "-F", str(self._kept), *control])
            place = self._copies / (copy if copy == "new" else f"{copy}-{way}")
            command("rsync", options, "-e", ssh, f"{self._plain}/", f"there:{place}/")

        return go


def _kept(server: SshServer, folder: Path, socket: Path) -> Path:
    """A connection of rsync's own that stays."""
    config = folder / "ssh_config"
    (folder / "known").write_text(server.known_hosts)
    config.write_text(
        f"Host there\nHostName 127.0.0.1\nPort {server.port}\nUser {server.user}\nIdentityFile {server.key}\n"
        f"IdentitiesOnly yes\nUserKnownHostsFile {folder / 'known'}\nControlMaster auto\nControlPersist yes\n"
        f"ControlPath {socket}\n"
    )
    command("ssh", "-F", str(config), "-fN", "-E", str(folder / "log"), "there")
    return config


class _Silent:
    """Implements the port Watch."""

    def progressed(self, done: int, total: int, path: bytes) -> None:
        """Nobody looks."""

    def check(self) -> None:
        """Nobody stops it."""


def _result(files: int, figures: dict[str, Figure]) -> Result:
    pairs = (("push, 1 changed", "rsync"), ("push, all new", "rsync"))
    verdicts = []
    for ours, peer in pairs:
        what = ours.removeprefix("push, ")
        verdicts.append(
            Verdict(f"push / rsync -a -e ssh, {what}", ratio(figures[ours], figures[f"{peer}, {what}"]), goal=1.2)
        )
        verdicts.append(
            Verdict(
                f"push / rsync over a kept connection, {what}",
                ratio(figures[ours], figures[f"rsync kept, {what}"]),
                goal=1.2,
            )
        )
    verdicts.append(Verdict("refresh / rsync -nrc -e ssh", ratio(figures["refresh"], figures["rsync -nrc"]), goal=1.2))
    verdicts.append(
        Verdict("refresh / rsync -nrc over a kept connection", ratio(figures["refresh"], figures["rsync -nrc kept"]))
    )
    verdicts += _far_ahead(figures)
    absent = [f"{name} is not installed here." for name in (ANSIBLE, PYINFRA) if f"{name}, all new" not in figures]
    return Result(
        title="Push and refresh over SSH",
        told=f"{files:,} {TOLD}",
        figures=list(figures.values()),
        verdicts=verdicts,
        notes=[*NOTES, *absent],
    )


def _far_ahead(figures: dict[str, Figure]) -> list[Verdict]:
    """Against the tools that are measured apart."""
    return [
        Verdict(
            f"push / {name}, {what} (ours {FEWER} times the files)",
            figures[f"push, {what}"].median / figures[f"{name}, {what}"].median,
            goal=0.1,
        )
        for name in (ANSIBLE, PYINFRA)
        for what in ("1 changed", "all new")
        if f"{name}, {what}" in figures
    ]
