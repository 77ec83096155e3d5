"""What is true of every installation whatever was asked of it at once."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from app.domain.environment import Environment
from app.domain.events import EventType
from app.domain.operation import Operation
from app.domain.status import SyncStatus
from app.ports import OperationFilter, Transaction
from tests.support.installation import Installation

EDITS = (EventType.ENVIRONMENT_EDITED, EventType.ENVIRONMENT_SWITCHED)


def broken(here: Installation) -> list[str]:
    """What is not as it must be about the present environments, once nothing runs any more."""
    with here.store.read() as tx:
        environments = [tx.environments.get(name) for name in tx.environments.targets()]
        found = [*_open(tx), *_credentials(here, tx, environments), *_targets(here, tx, environments)]
        for one in environments:
            found += _environment(tx, one)
    return [*found, *(text for one in environments for text in _live(here, one))]


def records_broken(here: Installation) -> list[str]:
    """What is not as it must be in the records, also in those of environments that are gone."""
    with here.store.read() as tx:
        found = list(_operations(tx))
    chain = here.use_cases.audit.verify_stored()
    return found if chain.valid else [*found, chain.problem]


def _open(tx: Transaction) -> Iterator[str]:
    for phase in ("queued", "running"):
        for one in tx.operations.page(OperationFilter(phase=phase), 10, None).items:
            yield f"{one.kind.value} {one.id} of {one.environment} is left {phase}"


def _all(tx: Transaction) -> Iterator[Operation]:
    after = None
    while True:
        page = tx.operations.page(OperationFilter(), 500, after)
        yield from page.items
        after = page.next
        if after is None:
            return


def _operations(tx: Transaction) -> Iterator[str]:
    ends = Counter(one.operation for one in tx.ledger.page(0, 100_000, types=(EventType.OPERATION_FINISHED,)))
    noted = Counter(one.object for one in tx.audit.walk() if one.action.endswith(".finish"))
    for one in _all(tx):
        if ends[one.id] != 1 or noted[f"operation:{one.id}"] != 1:
            yield f"{one.id} has {ends[one.id]} ends and {noted[f'operation:{one.id}']} entries of its end"


def _credentials(here: Installation, tx: Transaction, environments: Sequence[Environment]) -> Iterator[str]:
    kinds = here.ports.targets.kinds()
    for one in environments:
        used = [use.name for use in kinds.credentials(one.target)] + [one.source.credential]
        yield from (f"{one.name} uses '{key}', which is gone" for key in used if key and not tx.credentials.exists(key))


def _targets(here: Installation, tx: Transaction, environments: Sequence[Environment]) -> Iterator[str]:
    for one in environments if len(environments) > 1 else ():
        other = here.ports.targets.overlapping(one, tx.environments.neighbours(one))
        if other:
            yield f"the targets of {one.name} and {other} overlap"


def versions_broken(tx: Transaction, one: Environment) -> Iterator[str]:
    """Whether an edit was lost."""
    edits = len(list(tx.ledger.page(0, 100_000, types=EDITS, environment_id=one.id)))
    if one.version != 1 + edits:
        yield f"{one.name} is at version {one.version} after {edits} edits"


def _environment(tx: Transaction, one: Environment) -> Iterator[str]:
    yield from versions_broken(tx, one)
    history = tx.history.page(one.id, 1, None).items
    if one.status.revision and (not history or history[0].revision != one.status.revision):
        yield f"{one.name} says {one.status.revision} is live, its history {history[0].revision if history else None}"


def _live(here: Installation, one: Environment) -> Iterator[str]:
    """Whether the place holds what is said to be live there, file by file."""
    live, target = one.status.revision, Path(str(one.target.options["path"]))
    if live is None or one.status.sync is not SyncStatus.SYNCED:
        return
    lines = here.repo.git("ls-tree", "-r", f"{live}:{one.source.path}").splitlines()
    wanted = {line.split("\t")[1]: line.split()[2] for line in lines}
    found = {str(path.relative_to(target)): _blob(path) for path in target.rglob("*") if path.is_file()}
    if wanted != found:
        paths = sorted(key for key in wanted.keys() | found.keys() if wanted.get(key) != found.get(key))
        yield f"{one.name} reads Synced at {live[:8]}, but these paths differ: {', '.join(paths)}"


def _blob(path: Path) -> str:
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
