"""Health checks and hooks around a sync; the same on the way forward and back."""

from __future__ import annotations

from collections.abc import Mapping

from app.domain.environment import Environment, Hook
from app.domain.errors import Problem
from app.domain.operation import Operation
from app.domain.status import Health
from app.ports import CheckResult, CommandResult, Ports
from app.services.operations.recorder import OperationRecorder

NO_CHECK = CheckResult(Health.HEALTHY, "no health check is configured; the files are in place")


def variables(environment: Environment, operation: Operation | None = None) -> Mapping[str, str]:
    """What hooks and command checks find in their environment, each with the prefix PUSHPULL_."""
    values = {
        "ENVIRONMENT": environment.name,
        "MODE": environment.mode.value,
        "REVISION": (operation.revision if operation else environment.status.revision) or "",
        "FROM_REVISION": (operation.from_revision if operation else "") or "",
        "OPERATION": operation.id if operation else "",
        "TRIGGER": operation.trigger.value if operation else "",
    }
    return {f"PUSHPULL_{name}": value for name, value in values.items()}


def check_health(ports: Ports, environment: Environment, operation: Operation | None = None) -> CheckResult:
    """One look at an environment's health."""
    check = environment.policy.health_check
    if check is None:
        return NO_CHECK
    try:
        given = variables(environment, operation)
        return ports.checks.health(check, ports.targets.workdir(environment), given, ports.targets.runner(environment))
    except Problem as problem:
        return CheckResult(Health.UNKNOWN, problem.detail)


def wait_until_healthy(ports: Ports, environment: Environment, recorder: OperationRecorder) -> CheckResult:
    """Look until the check passes or its deadline is over."""
    check = environment.policy.health_check
    if check is None:
        return NO_CHECK
    start = ports.clock.monotonic()
    while True:
        result = check_health(ports, environment, recorder.operation)
        left = check.deadline_s - (ports.clock.monotonic() - start)
        if result.health is Health.HEALTHY or left <= 0:
            recorder.log(f"health: {result.health.value}: {result.detail}")
            return result
        recorder.check()
        ports.clock.sleep(min(check.interval_s, max(left, 0.01)))


def run_hooks(ports: Ports, environment: Environment, recorder: OperationRecorder, when: str) -> str | None:
    """Run the hooks of "pre" or "post" in order; return why one failed, or None."""
    for hook in environment.policy.hooks:
        if hook.when != when:
            continue
        result = _run(ports, environment, hook, recorder)
        recorder.log(f"{when} hook `{' '.join(hook.command)}` ended with {result.exit_code}\n{result.output}".rstrip())
        if result.timed_out:
            return f"{when} hook `{hook.command[0]}` took longer than {hook.timeout_s:g} s"
        if result.exit_code:
            last = result.output.strip().rpartition("\n")[2][:200]
            return f"{when} hook `{hook.command[0]}` ended with {result.exit_code}" + (f": {last}" if last else "")
    return None


def _run(ports: Ports, environment: Environment, hook: Hook, recorder: OperationRecorder) -> CommandResult:
    """On the target's machine, in the directory that readers see."""
    given, runner = variables(environment, recorder.operation), ports.targets.runner(environment)
    if runner is not None:
        return runner.run(hook.command, given, hook.timeout_s, recorder.check)
    workdir = ports.targets.workdir(environment)
    return ports.checks.run(hook.command, workdir, given, hook.timeout_s, recorder.check)
