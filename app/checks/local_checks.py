"""Looking at health: HTTP, TCP, or a command."""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPException
from urllib.parse import urlsplit

from app.checks.command_run import run
from app.checks.http_request import status_of
from app.checks.time_limit import Limited
from app.domain.environment import HealthCheck
from app.domain.errors import InvalidInput, Temporary
from app.domain.masking import mask
from app.domain.status import Health
from app.ports import CheckResult, CommandResult, Runner
from app.processes import mark
from app.wording.complaints import cause, without_controls

LINK_LOCAL = CheckResult(Health.DEGRADED, "not asked: the address is link-local")


class LocalChecks:
    """Implements the port Checks. `allowed`: commands may run on this machine."""

    def __init__(self, allowed: bool = True) -> None:
        self._allowed = allowed

    def health(
        self,
        check: HealthCheck,
        workdir: str | None,
        variables: Mapping[str, str],
        runner: Runner | None = None,
        wanted: Callable[[], None] = lambda: None,
    ) -> CheckResult:
        if check.kind != "command":
            return _asked(check, runner if check.seen_from == "target" else None, wanted)
        if runner:
            result = runner.run(check.command, variables, check.timeout_s, wanted)
        else:
            result = self.run(check.command, workdir, {**variables, **mark()}, check.timeout_s, wanted)
        last = cause(result.output)[:200]
        if result.timed_out:
            return CheckResult(Health.DEGRADED, f"`{check.command[0]}` took longer than {check.timeout_s:g} s")
        verdict = Health.HEALTHY if result.exit_code == 0 else Health.DEGRADED
        return CheckResult(
            verdict, f"`{check.command[0]}` ended with {result.exit_code}" + (f": {last}" if last else "")
        )

    def run(
        self,
        command: Sequence[str],
        workdir: str | None,
        variables: Mapping[str, str],
        timeout_s: float,
        check: Callable[[], None] = lambda: None,
        heard: Callable[[bytes], None] = lambda chunk: None,
    ) -> CommandResult:
        if not self._allowed:
            raise InvalidInput("Commands are switched off in this installation (PUSHPULL_COMMANDS=false).")
        return run(command, workdir, variables, timeout_s, check, heard)


def _asked(check: HealthCheck, runner: Runner | None, wanted: Callable[[], None]) -> CheckResult:
    """Ask a service, from here or from where the runner is."""
    if runner is None:
        return _http(check, wanted) if check.kind == "http" else _tcp(check, wanted)
    end = time.monotonic() + check.timeout_s
    place = urlsplit(check.url)
    port = check.port if check.kind == "tcp" else place.port or (443 if place.scheme == "https" else 80)
    host = check.host if check.kind == "tcp" else place.hostname or ""
    try:
        with runner.reach(host, port, check.timeout_s, wanted) as socket_file:
            if check.kind == "tcp":
                return CheckResult(Health.HEALTHY, f"{host}:{port} accepts connections there")
            return _http(check, wanted, str(socket_file), max(0.1, end - time.monotonic()))
    except Temporary as problem:
        return CheckResult(Health.DEGRADED, problem.detail)


def _forbidden(host: str) -> bool:
    """Whether a name leads to a link-local address: clouds keep their machines' secrets there."""
    try:
        found = {str(one[4][0]).partition("%")[0] for one in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):
        return False  # nothing is there to be asked
    numbers = [ipaddress.ip_address(one) for one in found]
    return any((getattr(one, "ipv4_mapped", None) or one).is_link_local for one in numbers)


def _http(
    check: HealthCheck, wanted: Callable[[], None], through: str | None = None, within_s: float | None = None
) -> CheckResult:
    def ask(limited: Limited[int | None]) -> int | None:
        if _forbidden(urlsplit(check.url).hostname or ""):
            return None
        return status_of(check.url, check.timeout_s, limited.opened, through)

    try:
        status = Limited[int | None]().run(ask, within_s or check.timeout_s, wanted)
    except TimeoutError:
        return CheckResult(Health.DEGRADED, f"no answer within {check.timeout_s:g} s")
    except (OSError, HTTPException, ValueError) as error:
        said = without_controls(str(error)) or type(error).__name__
        return CheckResult(Health.DEGRADED, mask(f"not reachable: {said}")[:300])
    if status is None:
        return LINK_LOCAL
    if status == check.expect_status:
        return CheckResult(Health.HEALTHY, f"answered {status}")
    return CheckResult(Health.DEGRADED, f"answered {status}, not {check.expect_status}")


def _tcp(check: HealthCheck, wanted: Callable[[], None]) -> CheckResult:
    place = f"{check.host}:{check.port}"

    def connect(limited: Limited[bool]) -> bool:
        if _forbidden(check.host):
            return False
        with socket.create_connection((check.host, check.port), timeout=check.timeout_s) as made:
            limited.opened(made)
        return True

    try:
        if not Limited[bool]().run(connect, check.timeout_s, wanted):
            return LINK_LOCAL
        return CheckResult(Health.HEALTHY, f"{place} accepts connections")
    except TimeoutError:
        return CheckResult(Health.DEGRADED, f"{place}: no connection within {check.timeout_s:g} s")
    except OSError as error:
        return CheckResult(Health.DEGRADED, f"{place}: {error.strerror or 'no connection'}")
