"""A process that delivers two trees in turn, killed at random moments: `python -m tests.support.killing FOLDER LAYOUT`.

Writes one JSON line: how often it was killed in the middle, and every rule that was broken.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from app.domain.environment import Environment, Mode, SourceSpec, TargetSpec
from app.domain.state.git_files import blob_id, file_item, traits_of
from app.domain.state.items import Item
from app.domain.state.plan import Plan, compare
from app.ports import Target
from app.targets.target_registry import TargetRegistry
from tests.support.delivery import Watcher, changes, listing
from tests.support.states import state_of

Tree = dict[bytes, tuple[int, bytes]]
FILE, SCRIPT, LINK = 0o100644, 0o100755, 0o120000
ROUNDS = 30
SHARED: Tree = {b"same/%d" % number: (FILE, b"same %d" % number) for number in range(5)}
ONE: Tree = {
    **SHARED,
    **{b"d/%d" % number: (FILE, b"one %d " % number * 3000) for number in range(12)},
    b"place/file": (FILE, b"in a directory"),
    b"other": (FILE, b"a file"),
    b"link": (LINK, b"d"),
    b"run": (SCRIPT, b"one"),
    b"only/in/one": (FILE, b"x"),
}
TWO: Tree = {
    **SHARED,
    **{b"d/%d" % number: (FILE, b"two %d " % number * 4000) for number in range(3, 15)},
    b"place": (FILE, b"a file now"),
    b"other/file": (FILE, b"in a directory now"),
    b"link": (FILE, b"no link"),
    b"run": (FILE, b"one"),
    b"only/in/two": (LINK, b"../.."),
}


def entries(tree: Tree) -> dict[bytes, Item]:
    return {path: file_item(traits_of(mode), blob_id(content)) for path, (mode, content) in tree.items()}


def name(tree: Tree) -> str:
    return ("1" if tree is ONE else "2") * 40


def plan_for(target: Target, tree: Tree) -> Plan:
    moves = changes(dict(target.inventory_items()), entries(tree))
    return compare(moves, target.look([move.key for move in moves]))


def deliver(target: Target, tree: Tree, starts: Callable[[], object] = lambda: None) -> None:
    plan = plan_for(target, tree)
    wanted = state_of({path: (item, tree[path][1]) for path, item in entries(tree).items()}, name(tree))
    starts()
    target.apply(plan, wanted, Watcher())


def child(open_target: Callable[[], Target], go: int) -> None:
    """Deliver for ever, and say so each time when it becomes serious."""
    while True:
        for tree in (TWO, ONE):
            deliver(open_target(), tree, lambda: os.write(go, b"!"))


def kill_during(apply: int, seconds: float, open_target: Callable[[], Target]) -> None:
    """Kill a delivering process some time after its n-th apply began."""
    ready, go = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            child(open_target, go)
        finally:
            os._exit(1)
    os.close(go)
    for _ in range(apply):
        os.read(ready, 1)
    time.sleep(seconds)
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    os.close(ready)
    assert os.WTERMSIG(status) == signal.SIGKILL, "the child ended by itself"


def is_ours(path: bytes) -> bool:
    return not path.rpartition(b"/")[2].startswith(b".pushpull-")


def judge(target: Target, live: Path) -> list[str]:
    """Rules that hold at every moment."""
    broken = []
    there = {path: found for path, found in listing(live).items() if is_ours(path)} if live.exists() else {}
    for path, found in there.items():
        if found not in (ONE.get(path), TWO.get(path)):
            broken.append(f"torn: {path!r}")
    if target.inventory().whole and target.look().deviations:
        broken.append("called whole, and is not")
    known = dict(target.inventory_items())
    broken += [f"not known: {path!r}" for path in there if path not in known]
    looked = target.look()
    broken += [f"looks like drift: {one.key!r}" for one in looked.deviations]
    if looked.unmanaged_count:
        broken.append(f"strange: {looked.unmanaged!r}")
    return broken


def settle(open_target: Callable[[], Target], live: Path, tree: Tree) -> list[str]:
    """One more try must do."""
    deliver(open_target(), tree)
    broken = [] if listing(live) == tree else ["one retry was not enough"]
    if not open_target().inventory().whole or plan_for(open_target(), tree).items:
        broken.append("not known to be right")
    return broken


def main(folder: Path, layout: str) -> None:
    data, roots = folder / "data", folder / "srv"
    data.mkdir()
    registry = TargetRegistry(data, [roots])
    options = registry.check("directory", {"path": str(roots / "site"), "layout": layout, "keep_releases": 1})
    here = Environment(1, "e", Mode.PUSH, SourceSpec("unused"), TargetSpec("directory", options))
    live = roots / "site" / "current" if layout == "releases" else roots / "site"
    dice, broken, interrupted = random.Random(7), [], 0
    deliver(registry.open(here), ONE)
    for number in range(ROUNDS):
        kill_during(dice.randint(1, 3), dice.random() ** 2 * 0.03, lambda: registry.open(here))
        interrupted += not registry.open(here).inventory().whole
        broken += [f"{number}: {rule}" for rule in judge(registry.open(here), live)]
        broken += [f"{number}: {rule}" for rule in settle(lambda: registry.open(here), live, dice.choice((ONE, TWO)))]
    if layout == "releases":
        broken += [] if len(os.listdir(roots / "site" / "releases")) == 1 else ["releases are left over"]
        broken += [] if sorted(os.listdir(roots / "site")) == ["current", "releases"] else ["something is left over"]
    sys.stdout.write(json.dumps({"interrupted": interrupted, "broken": broken}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
