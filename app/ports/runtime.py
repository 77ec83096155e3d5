"""The world around a use case: time, checks and commands, the bell."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from app.domain.environment import HealthCheck
from app.domain.status import Health


class Clock(Protocol):
    """Wall time in UTC, and monotonic seconds for durations."""

    def now(self) -> datetime:
        """The wall clock's time, in UTC, with microseconds. It may be set forward and back."""
        ...

    def monotonic(self) -> float:
        """Seconds since an arbitrary moment; it never goes back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Block this thread for some seconds."""
        ...


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One look at health. `detail` is safe to show."""

    health: Health
    detail: str


@dataclass(frozen=True, slots=True)
class CommandResult:
    """A finished command. `output` is its bounded, masked standard output and error together."""

    exit_code: int
    output: str
    timed_out: bool = False


class Runner(Protocol):
    """Another machine than this one, on which an environment's commands run and its services can be asked."""

    def run(
        self,
        command: Sequence[str],
        variables: Mapping[str, str],
        timeout_s: float,
        check: Callable[[], None] = lambda: None,
        heard: Callable[[bytes], None] = lambda chunk: None,
    ) -> CommandResult:
        """Run a command there, in the directory that readers see. `heard` gets all of its output, raw, as it comes.
        Raises TargetUnreachable, TargetRefused, and what `check` raises, after ending the command."""
        ...

    def reach(
        self, host: str, port: int, timeout_s: float, check: Callable[[], None] = lambda: None
    ) -> AbstractContextManager[Path]:
        """A socket file here that leads to an address as that machine sees it. Raises TargetUnreachable where nothing
        accepts there, and what `check` raises meanwhile."""
        ...


class Checks(Protocol):
    """Health checks and hook commands (argv, never a shell), on this machine or by a runner."""

    def health(
        self,
        check: HealthCheck,
        workdir: str | None,
        variables: Mapping[str, str],
        runner: Runner | None = None,
        wanted: Callable[[], None] = lambda: None,
    ) -> CheckResult:
        """Look once, for at most `check.timeout_s` in all, whatever the other side does. `wanted` is asked meanwhile;
        what it raises ends the look. `workdir`: where a command runs; `variables`: what it finds in its
        environment; `runner`: where commands run, and from where addresses are seen if the check says so. Never raises
        for an unhealthy service: that is the result."""
        ...

    def run(
        self,
        command: Sequence[str],
        workdir: str | None,
        variables: Mapping[str, str],
        timeout_s: float,
        check: Callable[[], None] = lambda: None,
        heard: Callable[[bytes], None] = lambda chunk: None,
    ) -> CommandResult:
        """Run a command here. `heard` gets all of its output, raw, as it comes. Raises InvalidInput if commands are
        switched off in this installation, and what `check` raises: it is asked several times a second whether the
        command is still wanted."""
        ...


class Notifier(Protocol):
    """Says that something was committed; carries no content. `topics`: "environment-NAME", "ledger", "work"."""

    def notify(self, topics: Collection[str]) -> None:
        """Wake whoever listens to one of the topics. Call it after the commit; it never blocks and never fails."""
        ...
