"""What one operation starts and writes: numbers that do not depend on how busy the machine is."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

from sqlalchemy import event

from app.domain.operation import Trigger
from bench.ground import Ground
from bench.measuring import Result, Verdict, spread
from bench.stand import Stand
from bench.trees import Edits, repository

NAME = "counted"
TOLD = """Git processes that we start (not those that git starts for itself) and transactions that the database commits,
for one operation each, over a local repository of 20 files; each after a few of its kind."""
NOTES = (
    """A quiet refresh writes when it is asked for, when it is taken and when it has ended (the fourth commit is of a
  worker that found nothing more to take); what stays is when the environment was checked, until when that holds, and
  when the next look is due.""",
    """A process that is kept (`git cat-file`) is counted when it starts. It ends when nobody has asked for a while.""",
)


class _Counts:
    """Counts while something runs."""

    def __init__(self, stand: Stand) -> None:
        self.processes = self.commits = 0
        sys.addaudithook(self._audited)
        event.listen(stand.store.engine, "commit", self._committed)

    def _audited(self, name: str, facts: tuple[Any, ...]) -> None:
        if name == "subprocess.Popen" and any(os.fspath(one) == "git" for one in facts[1]):
            self.processes += 1

    def _committed(self, connection: object) -> None:
        self.commits += 1

    def of(self, call: Callable[[], object]) -> tuple[int, int]:
        """Processes and commits of a call."""
        self.processes = self.commits = 0
        call()
        return self.processes, self.commits


def run(ground: Ground) -> Result:
    """A refresh without news, asked for and scheduled; a sync of one file; a poll without news."""
    repo = repository(ground.folder / "repo.git", 20)
    edits, rounds = Edits(repo), ground.of(10, 2)
    with Stand(ground.folder / "here", ground.folder) as stand:
        stand.register(NAME, repo.url)
        stand.sync(NAME)
        stand.refresh(NAME)
        counts = _Counts(stand)
        deeds: dict[str, Callable[[], object]] = {
            "a scheduled refresh": lambda: stand.refresh(NAME, Trigger.SCHEDULE),
            "a refresh that was asked for": lambda: stand.refresh(NAME),
            "a poll without news": lambda: stand.use_cases.poller.poll(repo.url),
        }
        taken = {name: _repeated(counts, deed, lambda: None, rounds) for name, deed in deeds.items()}
        taken["a sync of one file"] = _synced(counts, stand, edits, rounds)
    figures = [
        spread(f"{what}, {name}", [float(one[place]) for one in values], "")
        for place, what in enumerate(("git processes", "commits"))
        for name, values in taken.items()
    ]
    middle = {figure.name: figure.median for figure in figures}
    goals = (
        ("git processes, a scheduled refresh", 0),
        ("git processes, a sync of one file", 1),
        ("commits, a scheduled refresh", 4),
    )
    verdicts = [Verdict(name, middle[name], "", goal=float(most)) for name, most in goals]
    return Result("Processes and commits", TOLD, figures, verdicts, list(NOTES))


def _repeated(
    counts: _Counts, deed: Callable[[], object], before: Callable[[], object], rounds: int
) -> list[tuple[int, int]]:
    found = []
    for _ in range(rounds + 1):
        before()
        found.append(counts.of(deed))
    return found[1:]


def _synced(counts: _Counts, stand: Stand, edits: Edits, rounds: int) -> list[tuple[int, int]]:
    wanted: list[str] = []
    return _repeated(
        counts, lambda: stand.deliver(NAME, wanted[-1]), lambda: wanted.append(edits.commit()), rounds
    )  # fmt: skip
