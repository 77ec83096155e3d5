"""What the pages of plans share: the changes with their diffs, and what goes with them, in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from shlex import join
from typing import Any

from app.domain.environment import Environment, HealthCheck
from app.domain.state.plan import Action
from app.services.environments.previews import Shown
from app.wording.quantities import agree, listed, number, plural
from app.wording.short_names import actor

SHOWN = 40
LETTERS = 40_000
DONE = (("added", (Action.CREATE,)), ("changed", (Action.UPDATE, Action.TRAITS)), ("deleted", (Action.DELETE,)))
Sentence = tuple[str, str]  # an icon, and the words


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """One path of the plan; `diff` is None where it was left out."""

    path: str
    action: str
    diff: str | None


def planned_changes(items: Sequence[Mapping[str, Any]]) -> tuple[PlannedChange, ...]:
    """The first changes of a plan, with as many diffs as fit on the page."""
    left, changes = LETTERS, []
    for each in items[:SHOWN]:
        diff = each["diff"]
        fits = diff is None or len(diff) <= left
        left -= len(diff or "") if fits else 0
        changes.append(PlannedChange(each["path"], each["action"], (diff or "") if fits else None))
    return tuple(changes)


def in_counts(plan: Shown, nouns: tuple[str, str]) -> str:
    """ "2 files are added, 1 is changed and 3 are deleted"; "" where nothing on the target changes."""
    counts = plan.counts or _counted(plan)
    found = [(word, sum(counts.get(action.value, 0) for action in actions)) for word, actions in DONE]
    found = [(word, count) for word, count in found if count]
    if not found:
        return ""
    (word, count), *more = found
    first = f"{plural(count, *nouns)} {agree(count, 'is', 'are')} {word}"
    return listed([first, *(f"{number(count)} {agree(count, 'is', 'are')} {word}" for word, count in more)])


def _counted(plan: Shown) -> Mapping[str, int]:
    """The counts of a plan that came without: an agent of an older version made it."""
    counts: dict[str, int] = {}
    for item in plan.items:
        counts[item["action"]] = counts.get(item["action"], 0) + 1
    return counts


def goes_over(environment: Environment) -> Sentence | None:
    """Whose hold a deed goes over."""
    hold = environment.hold
    if hold is None:
        return None
    why = f" ({hold.reason})" if hold.reason else ""
    return "hold", f"Automation is held by {actor(hold.owner)}{why}; this goes over that hold, which stays."


def runs_on_the_way(environment: Environment) -> list[Sentence]:
    """The hooks and the health check that run, each with its command."""
    policy, words = environment.policy, {"pre": "Before", "post": "Afterwards"}
    found = [("operations", f"{words[hook.when]}: {join(hook.command)}") for hook in policy.hooks]
    check = policy.health_check
    return [*found, ("heart", f"Health check: {_asked(check)}, for {check.deadline_s:g} s at most")] if check else found


def _asked(check: HealthCheck) -> str:
    if check.kind == "http":
        return check.url
    return f"{check.host}:{check.port}" if check.kind == "tcp" else join(check.command)
