"""Health checks and hooks around a sync; they are the same for a delivery and a rollback."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from app.domain.environment import Environment, Hook
from app.domain.errors import Problem, Terminated
from app.domain.operation import Operation, OperationKind
from app.domain.status import Health
from app.ports import CheckResult, CommandResult, Ports, Target
from app.services.operations.hook_output import HookOutput
from app.services.operations.recorder import OperationRecorder
from app.wording.complaints import cause

LAST_S = 0.1  # of a check that begins when the deadline is almost over
AGAIN_S = 5.0  # until an attempt that ended as the one before is told; later ones wait longer
DEADLINE_S, INTERVAL_S = 60.0, 2.0  # for a target that tells its health, where no check sets them


def variables(environment: Environment, operation: Operation | None = None) -> Mapping[str, str]:
    """The environment variables of hooks and command checks, each with the prefix PUSHPULL_."""
    values = {
        "ENVIRONMENT": environment.name,
        "MODE": environment.mode.value,
        "REVISION": (operation.revision if operation else environment.status.revision) or "",
        "FROM_REVISION": (operation.from_revision if operation else "") or "",
        "OPERATION": operation.id if operation else "",
        "TRIGGER": operation.trigger.value if operation else "",
    }
    return {f"PUSHPULL_{name}": value for name, value in values.items()}


def unchecked(ports: Ports, environment: Environment) -> CheckResult:
    """What is told where neither the target nor a check says anything."""
    many = ports.targets.kinds().nouns(environment.target)[1]
    return CheckResult(Health.HEALTHY, f"no health check is configured; the {many} are in place")


def check_health(
    ports: Ports, environment: Environment, target: Target, recorder: OperationRecorder, within_s: float | None = None
) -> CheckResult:
    """One check of an environment's health: the worse of the target's own health and its health check's result.
    `within_s`: how long it may take; its own time where None."""
    found = [one for one in (target.health(), _checked(ports, environment, recorder, within_s)) if one]
    worst = Health.worst(one.health for one in found)
    return next((one for one in found if one.health is worst), unchecked(ports, environment))


def _checked(
    ports: Ports, environment: Environment, recorder: OperationRecorder, within_s: float | None
) -> CheckResult | None:
    check = environment.policy.health_check
    if check is None:
        return None
    if within_s is not None and within_s < check.timeout_s:
        check = replace(check, timeout_s=within_s)
    try:
        operation = recorder.operation if recorder.operation.kind is OperationKind.SYNC else None
        given, runner = variables(environment, operation), ports.targets.runner(environment)
        return ports.checks.health(check, ports.targets.workdir(environment), given, runner, recorder.check)
    except Terminated:
        raise
    except Problem as problem:
        return CheckResult(Health.UNKNOWN, problem.detail)


def wait_until_healthy(
    ports: Ports, environment: Environment, target: Target, recorder: OperationRecorder
) -> CheckResult:
    """Look until what was delivered is healthy or the check's deadline is over."""
    check, start = environment.policy.health_check, ports.clock.monotonic()
    deadline_s, interval_s = (check.deadline_s, check.interval_s) if check else (DEADLINE_S, INTERVAL_S)
    left, attempt, told = deadline_s, 0, ("", start)
    while True:
        attempt += 1
        result = check_health(ports, environment, target, recorder, max(left, LAST_S))
        now = ports.clock.monotonic()
        left = deadline_s - (now - start)
        if result.health is Health.HEALTHY or left <= 0:
            recorder.log(f"health: {result.health.value}: {result.detail}")
            return result
        if result.detail != told[0] or now - told[1] >= max(AGAIN_S, (now - start) / 10):
            recorder.log(f"attempt {attempt}: {result.detail}")
            told = result.detail, now
        recorder.check()
        ports.clock.sleep(min(interval_s, max(left, 0.01)))


def run_hooks(ports: Ports, environment: Environment, recorder: OperationRecorder, when: str) -> str | None:
    """Run the hooks of "pre" or "post" in order; return why one failed, or None."""
    for hook in environment.policy.hooks:
        if hook.when != when:
            continue
        named = f"{when} hook `{' '.join(hook.command)}`"
        recorder.log(f"Running {named}")
        result = _run(ports, environment, hook, recorder)
        recorder.log(f"{named} ended with {result.exit_code}")
        if result.timed_out:
            return f"{when} hook `{hook.command[0]}` took longer than {hook.timeout_s:g} s"
        if result.exit_code:
            last = cause(result.output)[:200]
            return f"{when} hook `{hook.command[0]}` ended with {result.exit_code}" + (f": {last}" if last else "")
    return None


def _run(ports: Ports, environment: Environment, hook: Hook, recorder: OperationRecorder) -> CommandResult:
    """Run one hook on the target's machine, in the live directory, and log what it says meanwhile."""
    given, runner = variables(environment, recorder.operation), ports.targets.runner(environment)
    output = HookOutput(recorder.log, ports.clock.monotonic)

    def check() -> None:
        recorder.check()
        output.tick()

    try:
        if runner is not None:
            return runner.run(hook.command, given, hook.timeout_s, check, output.hear)
        workdir = ports.targets.workdir(environment)
        return ports.checks.run(hook.command, workdir, given, hook.timeout_s, check, output.hear)
    finally:
        output.end()
