"""The effects of a switch in sentences, shown before a person confirms it."""

from __future__ import annotations

from collections.abc import Iterator

from app.domain.environment import Environment, Mode, RunsOn
from app.domain.specification.kind_catalogue import KindCatalogue
from app.wording.operation_words import also_delivered
from app.wording.times import duration


def effects(kinds: KindCatalogue, before: Environment, after: Environment) -> tuple[str, ...]:
    """The changes that a switch brings."""
    return tuple(_effects(kinds, before, after))


def _effects(kinds: KindCatalogue, before: Environment, after: Environment) -> Iterator[str]:
    if before.mode is not after.mode:
        yield from _pulled(after) if after.mode is Mode.PULL else _pushed(after)
    elif before.policy.auto_sync is not after.policy.auto_sync:
        yield f"Automatic sync is {'on' if after.policy.auto_sync else 'off'} from now on."
    yield from _waiting(after)
    if (before.runs_on, before.agent) != (after.runs_on, after.agent):
        yield from _moved(after)
    if before.target != after.target:
        old, new = kinds.address(before.target), kinds.address(after.target)
        yield f"The target is reached as {new}, which must be the same place as {old}."
    if before.source.credential != after.source.credential:
        yield f"The repository is read with the credential {after.source.credential or 'none'}."
    if before.source.content != after.source.content:
        yield f"Delivered beside files as they lie in Git: {also_delivered(after.source.content) or 'nothing'}."


def _pulled(after: Environment) -> Iterator[str]:
    interval = f"every {duration(after.policy.interval_s).replace('.0 ', ' ')}"
    if after.policy.auto_sync:
        yield f"Automatic sync is on: the poll, {interval}, delivers what it finds in Git."
    else:
        yield "Automatic sync is off: the poll only notices, and people deliver."
    yield "Webhooks no longer deliver; they only bring the next poll forward."
    yield "A pipeline need not ask any more; its token can be revoked. One that asks is still answered."


def _pushed(after: Environment) -> Iterator[str]:
    if after.policy.auto_sync:
        yield "Automatic sync is on: the poll delivers what no webhook or pipeline brought."
    else:
        yield "Automatic sync is off: pipelines, webhooks and people deliver; the poll only notices."
    yield "Webhooks deliver the commit that they announce."


def _waiting(after: Environment) -> Iterator[str]:
    status, hold = after.status, after.hold
    waits = status.noticed is not None and status.noticed != status.revision
    if hold:
        yield "The hold stays: nothing is delivered or healed by itself before it ends."
    elif waits and after.policy.auto_sync and after.mode is Mode.PULL and not after.policy.observe:
        yield f"{(status.noticed or '')[:8]} waits in Git and is delivered by the next poll, unless it is marked bad."


def _moved(after: Environment) -> Iterator[str]:
    if after.runs_on is RunsOn.SERVER:
        yield "This server does the work: polls, deliveries, health checks and hooks."
    elif after.agent:
        yield "The agent does the work from its own host, with its own Git credential; checks and hooks run there."
    else:
        yield "An agent does the work. Until one is enrolled, nothing is delivered and the verdict reads Unknown."


def left_behind(kinds: KindCatalogue, before: Environment, after: Environment, *, same_place: bool) -> tuple[str, ...]:
    """The files and inventories that a change of the target leaves behind; it never deletes any.

    `same_place`: a switch says so, and takes the files along; an edit of the target means another place."""
    if before.status.revision is None or (before.target, before.runs_on) == (after.target, after.runs_on):
        return ()
    return tuple(_left(kinds, before, after, same_place))


def _left(kinds: KindCatalogue, before: Environment, after: Environment, same_place: bool) -> Iterator[str]:
    if before.runs_on is after.runs_on and not kinds.moved(before.target, after.target):
        return  # only another way to it: a key, a jump host
    if not same_place:
        one, many = kinds.nouns(before.target)
        count, old = before.status.files, kinds.address(before.target)
        files = f"{count:,} delivered {f'{one} stays' if count == 1 else f'{many} stay'}"
        yield f"{files} at {old} as they are, no longer known as ours; remove them by hand where they are in the way."
    yield from kinds.leaves(before.target, switched=same_place)


def carried(kinds: KindCatalogue, environment: Environment, drifting: bool, history: bool) -> tuple[str, ...]:
    """The parts of an environment that a switch keeps."""
    return tuple(_carried(kinds, environment, drifting, history))


def _carried(kinds: KindCatalogue, environment: Environment, drifting: bool, history: bool) -> Iterator[str]:
    status = environment.status
    if status.revision:
        one, many = kinds.nouns(environment.target)
        ours = f"{status.files:,} delivered {f'{one} stays' if status.files == 1 else f'{many} stay'} ours"
        yield f"{status.revision[:8]} stays live: no {one} is written, and the {ours}."
    if history:
        yield "The history, with what is good and what is marked bad, and with it every way back."
    if drifting:
        yield "The open drift episode: what differs now still reads as drift."
    if environment.hold:
        yield "The hold, with its reason and its end."
    yield "Policy, labels, webhook secret, ledger and audit log."
