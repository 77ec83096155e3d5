"""Plans of deliveries and rollbacks for people and scripts: path, action and masked diff of each change, bounded."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from app.domain.agents.protocol import CommandKind
from app.domain.diffs.unified import unified
from app.domain.environment import Environment
from app.domain.errors import AgentRefused
from app.domain.state.items import Item, Key, printable
from app.domain.state.plan import Action, PlanItem
from app.ports import ContentReader, Ports, Target
from app.services.agents.commands import Commands
from app.services.agents.reports.report_batch import fit
from app.services.environments.rollback import COMMITS, Rollback, RollbackPreview, from_history
from app.services.operations.refresh import DIFF_LIMIT, READ_LIMIT, beginning
from app.services.relay import elsewhere, refuse_external

DIFFS = 50
ITEMS = 1000
COMMIT = ("revision", "subject", "author")


@dataclass(frozen=True, slots=True)
class Shown:
    """The plan of a delivery or a rollback for display, made here or by an agent. `drifted`: how many drifted
    paths it overwrites; `commits`: those that a delivery brings; `counts`: how many items each action is done to;
    `seal`: equal where both revisions and the target are the same ("" from an agent of an older version)."""

    from_revision: str | None
    revision: str
    subject: str
    forward: bool
    items: list[dict[str, Any]]
    count: int
    unmanaged: list[str]
    unmanaged_count: int
    drifted: int = 0
    author: str = ""
    commits: tuple[dict[str, str], ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    seal: str = ""


class Previews:
    """Computes the plan of a rollback before a person confirms it."""

    def __init__(self, ports: Ports, rollback: Rollback, commands: Commands) -> None:
        self._ports = ports
        self._rollback = rollback
        self._commands = commands

    def show(self, name: str, revision: str | None) -> Shown:
        """The plan of going to a revision (None: the last good one); an agent is asked for its own.

        Raises AgentAway, DeliveredByOthers, RevisionNotFound, NothingToRollBackTo, SourceUnreachable,
        TargetUnreachable."""
        with self._ports.store.read() as tx:
            environment = tx.environments.get(name)
            refuse_external(environment)
            if elsewhere(self._ports, environment):
                revision = from_history(tx, environment, revision).revision
        if elsewhere(self._ports, environment):
            answer = self._commands.ask(environment, CommandKind.PREVIEW, {"revision": revision})
            return from_agent(environment, answer)
        return as_shown(self._rollback.preview(name, revision))

    def forward(self, name: str, revision: str | None) -> Shown:
        """The plan of delivering a revision (None: what Git's ref points at now); an agent is asked for its own.

        Raises AgentAway, RevisionNotFound, SourceUnreachable, TargetUnreachable."""
        with self._ports.store.read() as tx:
            environment = tx.environments.get(name)
        refuse_external(environment)
        if elsewhere(self._ports, environment):
            answer = self._commands.ask(environment, CommandKind.PREVIEW, forward_data(revision))
            return from_agent(environment, answer)
        return as_shown(self._rollback.plan(name, revision))


def forward_data(revision: str | None) -> dict[str, Any]:
    """What an agent is asked, so that it plans a delivery and not a rollback."""
    return {"revision": revision, "forward": True}


def as_shown(found: RollbackPreview) -> Shown:
    """The display form of a preview that this process made."""
    return Shown(
        from_revision=found.environment.status.revision,
        revision=found.revision.sha,
        subject=found.revision.subject,
        forward=found.forward,
        items=shown(found),
        count=len(found.plan.work),
        unmanaged=[printable(path) for path in found.live.unmanaged],
        unmanaged_count=found.live.unmanaged_count,
        drifted=len(found.plan.drift),
        author=found.revision.author.name,
        commits=tuple(
            {"revision": one.sha, "subject": one.subject, "author": one.author.name} for one in found.commits
        ),
        counts={action.value: count for action, count in found.plan.counts().items()},
        seal=sealed(found),
    )


def sealed(found: RollbackPreview) -> str:
    """A digest of all that a plan goes by: both revisions, and what stands and is to stand at each key."""
    parts = [found.environment.status.revision, found.revision.sha, *found.plan.items]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def as_dict(preview: RollbackPreview) -> dict[str, Any]:
    """The answer of an agent that was asked for a preview."""
    return {"environment": preview.environment.name, **asdict(as_shown(preview))}


def from_agent(environment: Environment, answer: Mapping[str, Any]) -> Shown:
    """The preview in an agent's answer, bounded; missing fields are empty. Raises AgentRefused if it is malformed."""
    given = fit(dict(answer))
    try:
        items = [{"path": str(one["path"]), "action": Action(one["action"]).value, "diff": one.get("diff")}
                 for one in given.get("items", ())[:ITEMS]]  # fmt: skip
        count = int(given.get("count", len(items)))
        return Shown(
            environment.status.revision, str(given["revision"]), str(given.get("subject", "")),
            bool(given.get("forward")), items, count, [str(one) for one in given.get("unmanaged", ())],
            int(given.get("unmanaged_count", 0)), int(given.get("drifted", 0)), str(given.get("author", "")),
            tuple({name: str(one[name]) for name in COMMIT} for one in given.get("commits", ())[:COMMITS]),
            {Action(name).value: int(number) for name, number in dict(given.get("counts", {})).items()},
            str(given.get("seal", ""))[:64],
        )  # fmt: skip
    except (KeyError, TypeError, ValueError):
        raise AgentRefused("The agent's answer cannot be read.") from None


def shown(preview: RollbackPreview) -> list[dict[str, Any]]:
    """What would change: [{"path", "action", "diff"}]; the first DIFFS items carry a diff."""
    work = preview.plan.work[:ITEMS]
    with preview.applied.contents() as before, preview.desired.contents() as after:
        return [
            _bare(item, _diff(before, after, preview.target, item) if number < DIFFS else None)
            for number, item in enumerate(work)
        ]


def _bare(item: PlanItem, diff: str | None) -> dict[str, Any]:
    return {"path": printable(item.key), "action": item.action.value, "diff": diff}


def _diff(applied: ContentReader, desired: ContentReader, target: Target, item: PlanItem) -> str | None:
    """The diff from live to desired; a drifted item's content is read from the target, any other from the mirror."""
    moved = item.found != item.known
    before = target.read(item.key, READ_LIMIT) if moved and item.found else _content(applied, item.key, item.found)
    after = _content(desired, item.key, item.wanted)
    traits = item.found.traits if item.found else None, item.wanted.traits if item.wanted else None
    return unified(before, after, printable(item.key), limit=DIFF_LIMIT, traits=traits)


def _content(contents: ContentReader, key: Key, item: Item | None) -> bytes | None:
    return beginning(contents, key, item) if item else None
