"""Refresh of many unchanged files, against what any tool must do and against `git status`."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from app.domain.operation import Outcome, Trigger
from app.ports import Target
from bench.ground import Ground, command
from bench.measuring import Case, Figure, Result, Verdict, interleaved, ratio
from bench.stand import Stand, expect
from bench.trees import checkout, repository

TOLD = """files, 50 to a directory, in a directory target; nothing changed since the last look. Plain `git status` runs
over a normal checkout of the same tree."""
NOTE = """A whole refresh also claims and ends an operation in the database, asks the mirror for the ref and the tree,
  and writes the verdict; one that a person asks for fetches first, which `git status` does not."""
SETTLED_S = 3.2  # a stat is believed two seconds after the file's last change


def run(ground: Ground) -> Result:
    """50,000 files that nobody touched."""
    files = ground.of(50_000, 300)
    repo = repository(ground.folder / "repo.git", files)
    plain = checkout(repo, ground.folder / "plain")
    cached = checkout(repo, ground.folder / "cached")
    command("git", "config", "core.untrackedCache", "true", cwd=cached)
    with Stand(ground.folder / "here", ground.folder) as stand:
        environment = stand.register("many", str(repo.path))
        stand.sync("many")
        time.sleep(SETTLED_S)
        first = stand.refresh("many")  # reads every file and remembers its stat
        target = stand.use_cases.ports.targets.open(environment)
        for folder in (plain, cached):
            command("git", "status", cwd=folder)
        use_cases = {
            "look at the target": Case(_look(target)),
            "git status": Case(lambda: command("git", "status", cwd=plain)),
            "scandir + lstat in Python": Case(lambda: expect(_scan(plain) == files, "the scan missed files")),
            "whole scheduled refresh": Case(_refresh(stand, Trigger.SCHEDULE)),
            "whole asked-for refresh (fetches)": Case(_refresh(stand, Trigger.MANUAL)),
            "git status, untracked cache on": Case(lambda: command("git", "status", cwd=cached)),
        }
        figures = interleaved(use_cases, ground.rounds)
    expect(first.outcome is Outcome.COMPARED, f"{first.outcome}: {first.reason}")
    return _result(files, figures)


def _look(target: Target) -> Callable[[], None]:
    def look() -> None:
        live = target.look()
        expect(not live.deviations and not live.unmanaged_count, "something moved")

    return look


def _refresh(stand: Stand, trigger: Trigger) -> Callable[[], None]:
    return lambda: expect(stand.refresh("many", trigger).outcome is Outcome.COMPARED, "something moved")


def _scan(root: Path) -> int:
    """The least that one thread of Python can do: every name, and every file's stat."""
    found, waiting = 0, [os.fsencode(root)]
    while waiting:
        with os.scandir(waiting.pop()) as names:
            for name in names:
                if name.is_dir(follow_symlinks=False):
                    waiting.append(name.path)
                else:
                    os.lstat(name.path)
                    found += 1
    return found


def _result(files: int, figures: dict[str, Figure]) -> Result:
    look, status, scan, scheduled, asked, cached = figures.values()
    return Result(
        title="Refresh of unchanged files",
        told=f"{files:,} {TOLD}",
        figures=list(figures.values()),
        verdicts=[
            Verdict("look / git status", ratio(look, status), goal=1.0),
            Verdict("look / (scandir + lstat)", ratio(look, scan), goal=1.3),
            Verdict("whole scheduled refresh / git status", ratio(scheduled, status), goal=1.0),
            Verdict("whole scheduled refresh / (scandir + lstat)", ratio(scheduled, scan), goal=1.3),
            Verdict("whole asked-for refresh / git status", ratio(asked, status)),
            Verdict("look / git status with its untracked cache", ratio(look, cached)),
        ],
        notes=[NOTE],
    )
