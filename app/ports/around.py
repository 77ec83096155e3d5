"""The world around a use case: time, checks and commands, the bell."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from app.domain.environment import HealthCheck
from app.domain.status import Health


class Clock(Protocol):
    """Wall time in UTC, and monotonic seconds for durations."""

    def now(self) -> datetime: ...

    def monotonic(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...


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


class Checks(Protocol):
    """Health checks and hook commands (argv, never a shell)."""

    def health(self, check: HealthCheck, workdir: str | None, variables: Mapping[str, str]) -> CheckResult:
        """Look once."""
        ...

    def run(
        self,
        command: Sequence[str],
        workdir: str | None,
        variables: Mapping[str, str],
        timeout_s: float,
        check: Callable[[], None] = lambda: None,
    ) -> CommandResult:
        """Run a command. Raises InvalidInput if commands are switched off in this installation, and what `check`
        raises: it is asked now and then whether the command is still wanted."""
        ...


class Bell(Protocol):
    """Says that something was committed; carries no content. `topics`: "environment-NAME", "ledger", "work"."""

    def ring(self, topics: Collection[str]) -> None: ...
