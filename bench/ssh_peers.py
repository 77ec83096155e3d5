"""What others do to bring a tree to a host over SSH: ansible-core's `copy` and pyinfra's `files.sync`, as commands."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.ground import GIT_ENVIRONMENT, Unable
from bench.measuring import Figure, spread, timed
from bench.stand import expect
from bench.trees import file_name
from tests.support.sshd import SshServer

ANSIBLE, PYINFRA = "ansible copy", "pyinfra files.sync"
EDITED = "edited.txt"
FEWER = 10  # they take a fifth to half of a second for each file, so they are given a tenth of them, and one turn


@dataclass(frozen=True, slots=True)
class Peer:
    """A tool's way to bring `plain` to `copy`."""

    name: str
    plain: Path
    copy: Path
    run: Callable[[], None]

    def measured(self) -> dict[str, Figure]:
        """All files new, and then one of them changed."""
        new = timed(self.run)
        edited = self.plain / EDITED
        edited.write_text("second\n")
        changed = timed(self.run)
        expect((self.copy / EDITED).read_text() == edited.read_text(), f"{self.name} did not bring the changed file")
        return {name: spread(name, [seconds]) for name, seconds in (
            (f"{self.name}, all new", new), (f"{self.name}, 1 changed", changed),
        )}  # fmt: skip


def peers(folder: Path, server: SshServer, config: Path, plain: Path, files: int) -> list[Peer]:
    """Those that are installed. They may be in a place of their own, named by the search path."""
    folder.mkdir()
    found, plain = [], _copied(plain, folder / "tree", files // FEWER)
    if shutil.which("pyinfra"):
        found.append(_pyinfra(folder, server, plain))
    if shutil.which("ansible"):
        found.append(_ansible(folder, config, plain))
    return found


def _copied(plain: Path, place: Path, files: int) -> Path:
    """The first files of a tree, and one that is edited."""
    for number in range(files - 1):
        name = Path(file_name(number)).relative_to(Path(file_name(0)).parts[0])
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(plain / name, place / name)
    (place / EDITED).write_text("first\n")
    return place


def _ansible(folder: Path, config: Path, plain: Path) -> Peer:
    copy = folder / "ansible"
    arguments = f"src={plain}/ dest={copy}/"
    more = {
        "ANSIBLE_SSH_ARGS": f"-F {config} -o ControlMaster=auto -o ControlPersist=60s",
        "ANSIBLE_PIPELINING": "1",
        "ANSIBLE_HOME": str(folder / "ansible-home"),
        "ANSIBLE_PYTHON_INTERPRETER": shutil.which("python3") or "python3",
    }
    argv = ("ansible", "all", "-i", "there,", "-m", "copy", "-a", arguments)
    return Peer(ANSIBLE, plain, copy, lambda: _command(argv, folder, more))


def _pyinfra(folder: Path, server: SshServer, plain: Path) -> Peer:
    copy = folder / "pyinfra"
    (folder / "known").write_text(server.known_hosts)
    host = {
        "ssh_port": server.port, "ssh_user": server.user, "ssh_key": str(server.key),
        "ssh_known_hosts_file": str(folder / "known"),
    }  # fmt: skip
    (folder / "inventory.py").write_text(f"hosts = [('127.0.0.1', {host!r})]\n")
    sync = f"files.sync(src={str(plain)!r}, dest={str(copy)!r})"
    (folder / "deploy.py").write_text(f"from pyinfra.operations import files\n\n{sync}\n")
    argv = ("pyinfra", "-y", "inventory.py", "deploy.py")
    return Peer(PYINFRA, plain, copy, lambda: _command(argv, folder, {}))


def _command(argv: tuple[str, ...], folder: Path, more: dict[str, str]) -> None:
    done = subprocess.run(
        argv, cwd=folder, env={**os.environ, **GIT_ENVIRONMENT, **more}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Unable(f"{argv[0]} failed: {(done.stdout + done.stderr)[-500:]}")
