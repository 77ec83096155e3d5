"""Health checks and hooks around a sync; the same on the way forward and back."""

from __future__ import annotations

from collections.abc import Mapping

from app.domain.environment import Environment, Hook
from app.domain.errors import Problem
from app.domain.operation import Operation
from app.domain.status import Health
from app.ports import CheckResult, CommandResult
from app.services.actors import World
from app.services.operations.recorder import Journal

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


def look_once(world: World, environment: Environment, operation: Operation | None = None) -> CheckResult:
    """One look at an environment's health."""
    check = environment.policy.health_check
    if check is None:
        return NO_CHECK
    try:
        given = variables(environment, operation)
        return world.checks.health(check, world.targets.workdir(environment), given, world.targets.runner(environment))
    except Problem as problem:
        return CheckResult(Health.UNKNOWN, problem.detail)


def wait_until_healthy(world: World, environment: Environment, journal: Journal) -> CheckResult:
    """Look until the check passes or its deadline is over."""
    check = environment.policy.health_check
    if check is None:
        return NO_CHECK
    start = world.clock.monotonic()
    while True:
        result = look_once(world, environment, journal.operation)
        left = check.deadline_s - (world.clock.monotonic() - start)
        if result.health is Health.HEALTHY or left <= 0:
            journal.log(f"health: {result.health.value}: {result.detail}")
            return result
        journal.check()
        world.clock.sleep(min(check.interval_s, max(left, 0.01)))


def run_hooks(world: World, environment: Environment, journal: Journal, when: str) -> str | None:
    """Run the hooks of "pre" or "post" in order; return why one failed, or None."""
    for hook in environment.policy.hooks:
        if hook.when != when:
            continue
        result = _run(world, environment, hook, journal)
        journal.log(f"{when} hook `{' '.join(hook.command)}` ended with {result.exit_code}\n{result.output}".rstrip())
        if result.timed_out:
            return f"{when} hook `{hook.command[0]}` took longer than {hook.timeout_s:g} s"
        if result.exit_code:
            last = result.output.strip().rpartition("\n")[2][:200]
            return f"{when} hook `{hook.command[0]}` ended with {result.exit_code}" + (f": {last}" if last else "")
    return None


def _run(world: World, environment: Environment, hook: Hook, journal: Journal) -> CommandResult:
    """On the target's machine, in the directory that readers see."""
    given, runner = variables(environment, journal.operation), world.targets.runner(environment)
    if runner is not None:
        return runner.run(hook.command, given, hook.timeout_s, journal.check)
    workdir = world.targets.workdir(environment)
    return world.checks.run(hook.command, workdir, given, hook.timeout_s, journal.check)
