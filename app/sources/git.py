"""Git, as GitPython runs it. The only module that knows GitPython.

Every command is an argv that our own code built, run with `Git.execute`; none of GitPython's keyword arguments, which
turn into options, is used. It is imported at the first command, because the import costs a quarter of a second.
"""

from __future__ import annotations

import os
import select
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from app.domain.errors import SourceRefused, SourceUnreachable
from app.git import GitFailed, bound, clean_environment, close, finish, follow, kill, safe_options
from app.git.process import checked

if TYPE_CHECKING:
    from git.cmd import Git

_CHUNK = 1 << 16
LONGEST_RECORD = 1 << 20


class Repository:
    """One bare repository of ours and the commands run in it."""

    def __init__(self, git_dir: Path) -> None:
        self.git_dir = git_dir

    def run(
        self,
        *args: str,
        input: bytes | None = None,
        environment: Mapping[str, str] | None = None,
        timeout: float = 600.0,
    ) -> bytes:
        """Standard output of a git command. Raises GitFailed."""
        with self.process(*args, fed=input is not None, environment=environment) as process:
            return finish(process, input, timeout)[0]

    def transfer(self, *args: str, environment: Mapping[str, str], timeout: float, stall: float) -> tuple[bytes, str]:
        """Outputs of a long command that reports progress; it is stopped after `stall` silent seconds."""
        with self.process(*args, environment=environment) as process:
            return follow(process, timeout, stall)

    def records(self, *args: str, patience: float | None = None) -> Iterator[bytes]:
        """A command's NUL-terminated records, as they arrive. Raises GitFailed when it ends badly, and with the code
        -1 when nothing has arrived within `patience` seconds."""
        with self.process(*args) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            if patience is not None and not select.select([process.stdout], [], [], patience)[0]:
                raise GitFailed(-1, f"no answer within {patience:g} s")
            rest = b""
            while chunk := process.stdout.read1(_CHUNK):  # type: ignore[attr-defined]
                *whole, rest = (rest + chunk).split(b"\0")
                yield from whole
                if len(rest) > LONGEST_RECORD:
                    raise SourceRefused("The repository holds a name of more than a million bytes. Take it out of Git.")
            err = process.stderr.read()
            process.wait()
            checked(process, b"", err)

    @contextmanager
    def process(
        self, *args: str, fed: bool = False, environment: Mapping[str, str] | None = None
    ) -> Iterator[subprocess.Popen[bytes]]:
        """A running git command; it is ended with the block."""
        argv = ["git", "--literal-pathspecs", "-c", "core.bare=true", *safe_options(), *args]
        variables = clean_environment({"GIT_DIR": str(self.git_dir), "HOME": os.devnull, **(environment or {})})
        running = _git(self.git_dir.parent).execute(
            [*_without(variables), *argv],
            istream=subprocess.PIPE if fed else None,
            as_process=True,
            shell=False,
            env={**_blanked(), **variables},
            start_new_session=True,
        )
        process = running.proc
        assert process is not None
        bound(process)
        try:
            yield process
        finally:
            kill(process) if process.poll() is None else close(process)
            running.proc = None  # it has ended; GitPython's finalizer has nothing left to do


def load() -> None:
    """What the first command would load."""
    _git(Path(os.sep))


def _git(working_dir: Path) -> Git:
    try:
        from git.cmd import Git
    except ImportError as missing:
        raise SourceUnreachable("Git is not installed on this machine.") from missing
    return Git(str(working_dir))


def _blanked() -> dict[str, str]:
    """GitPython passes this process's whole environment on: our own settings, secrets among them, are emptied."""
    return {name: "" for name in os.environ if name.startswith("PUSHPULL_")}


def _without(variables: Mapping[str, str]) -> list[str]:
    """A prefix that removes what would steer git from outside and cannot be emptied, such as GIT_INDEX_FILE."""
    foreign = [name for name in os.environ if name.startswith("GIT_") and name not in variables]
    return ["env", *(part for name in foreign for part in ("-u", name))] if foreign else []
