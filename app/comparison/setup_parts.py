"""What an environment is made of, read off its specification and off how it was really started.

Nothing is estimated: a part is counted because the specification names it, or because the ledger shows it in use.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from app.domain.environment import Environment, Mode, RunsOn
from app.domain.operation import Trigger
from app.domain.specification.environment_fields import as_dict, parse
from app.domain.specification.kind_catalogue import KindCatalogue

PIPELINE_STEP = """\
curl --fail --silent --show-error --request POST "$PUSHPULL_URL/api/v1/environments/NAME/syncs" \\
  --header "Authorization: Bearer $PUSHPULL_TOKEN" \\
  --header "Content-Type: application/json" \\
  --data "{\\"revision\\": \\"$COMMIT\\"}"
"""
WEBHOOK_SETTINGS = ("webhook: address", "webhook: secret", "webhook: events")
REQUIRED = ("name", "mode", "source.repo_url", "target.kind")
_SSH = re.compile(r"ssh://|[^/:]+@[^/:]+:")


@dataclass(frozen=True, slots=True)
class SetupPart:
    """Something to set up. `credential` says what secret it needs ("" for none), `holder` who keeps it, `written`
    what has to be written down outside PushPull for it."""

    step: str
    credential: str = ""
    holder: str = ""
    written: tuple[str, ...] = ()


def parts(
    environment: Environment, kinds: KindCatalogue, triggers: frozenset[Trigger], step: str = PIPELINE_STEP
) -> tuple[SetupPart, ...]:
    """All parts of an environment. `kinds` say which credentials its target takes; `triggers`: what started its syncs;
    `step`: what a pipeline needs to start one."""
    return (
        SetupPart("register the environment"),
        *_access(environment, kinds),
        *_starters(triggers, step),
        *_agent(environment),
    )


def _access(environment: Environment, kinds: KindCatalogue) -> Iterable[SetupPart]:
    holder = "the agent" if environment.runs_on is RunsOn.AGENT else "the control plane"
    if environment.source.credential:
        yield SetupPart("store the repository's credential", f"repository: {environment.source.credential}", holder)
    elif _SSH.match(environment.source.repo_url):
        yield SetupPart("give the host a key for the repository", "repository: key of the host", holder)
    first_of = {use.name: use.of for use in reversed(kinds.credentials(environment.target))}
    for name, of in reversed(first_of.items()):
        yield SetupPart(f"store the {of}'s credential", f"target: {name}", holder)


def _starters(triggers: frozenset[Trigger], step: str) -> Iterable[SetupPart]:
    """Whoever starts a delivery from outside holds a secret for it."""
    if Trigger.WEBHOOK in triggers:
        yield SetupPart("set up a webhook", "webhook secret", "the Git host", WEBHOOK_SETTINGS)
    if Trigger.PIPELINE in triggers:
        yield SetupPart("add a step to the pipeline", "API token", "the pipeline", tuple(step.splitlines()))


def _agent(environment: Environment) -> Iterable[SetupPart]:
    if environment.runs_on is RunsOn.AGENT:
        yield SetupPart("install and enrol the agent", "agent token", "the agent")


def lines(environment: Environment, of: Iterable[SetupPart]) -> tuple[str, ...]:
    """The configuration an environment needs, a setting per line: what its specification says beyond the defaults,
    and what its parts need written elsewhere."""
    usual, own = _leaves(_defaults(environment.mode)), _leaves(as_dict(environment))
    kept = [f"{key}: {value}" for key, value in own.items() if key in REQUIRED or usual.get(key) != value]
    return (*kept, *(line for part in of for line in part.written))


@lru_cache(maxsize=4)
def _defaults(mode: Mode) -> Mapping[str, Any]:
    bare = {"name": "x", "mode": mode.value, "source": {"repo_url": "x"}, "target": {"kind": "x"}}
    return as_dict(parse(bare))


def _leaves(value: Any, place: str = "") -> dict[str, str]:
    """Nested values as {dotted path: text}; empty ones are left out."""
    pairs = value.items() if isinstance(value, Mapping) else enumerate(value)
    leaves: dict[str, str] = {}
    for key, below in pairs:
        path = f"{place}.{key}" if place else str(key)
        if isinstance(below, Mapping | list | tuple):
            leaves.update(_leaves(below, path))
        elif below not in (None, ""):
            leaves[path] = str(below)
    return leaves
