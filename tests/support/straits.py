"""A delivery in a process that is short of something: `python -m tests.support.straits WHAT FOLDER`; writes JSON."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from app.domain.environment import Environment, Mode, SourceSpec, TargetSpec
from app.domain.errors import Problem
from app.domain.state.git_files import FILE, blob_id, file_item
from app.domain.state.plan import compare
from app.ports import Target
from app.targets.target_registry import TargetRegistry
from tests.support.delivery import Watcher, changes, listing
from tests.support.states import state_of

NOBODY = 65534
Files = dict[bytes, bytes]


def open_site(folder: Path) -> Callable[[], Target]:
    data, roots = folder / "data", folder / "srv"
    for one in (data, roots):
        one.mkdir(exist_ok=True)
    registry = TargetRegistry(data, [roots])
    spec = TargetSpec("directory", registry.check("directory", {"path": str(roots / "site")}))
    return lambda: registry.open(Environment(1, "e", Mode.PUSH, SourceSpec("unused"), spec))


def deliver(target: Target, files: Files) -> str:
    """A sync; "" or what it was told."""
    entries = {path: file_item(FILE, blob_id(content)) for path, content in files.items()}
    name = blob_id(repr(files).encode())
    try:
        moves = changes(dict(target.inventory_items()), entries)
        plan = compare(moves, target.look([move.key for move in moves]))
        state = state_of({path: (item, files[path]) for path, item in entries.items()}, name)
        target.apply(plan, state, Watcher())
    except Problem as problem:
        return f"{type(problem).__name__}: {problem.detail}"
    return ""


def short(folder: Path, hard: Files, easy: Files) -> dict[str, str]:
    """Fail at `hard`, then succeed with `easy`."""
    site = open_site(folder)
    problem, _, detail = deliver(site(), hard).partition(": ")
    found = listing(folder / "srv" / "site")
    left = [path for path in found if b".pushpull-" in path]
    torn = [path for path, (_, content) in found.items() if path not in left and hard[path] != content]
    for _ in range(2):
        after = deliver(site(), easy)
    right = {path: content for path, (_, content) in listing(folder / "srv" / "site").items()} == easy
    return {
        "problem": problem,
        "detail": detail,
        "left over": str(len(left)),
        "torn": str(len(torn)),
        "after room was made": "right" if right and not after else after,
    }


def no_room(folder: Path) -> dict[str, str]:
    small = {b"small/%d" % number: b"x" * 8000 for number in range(20)}
    return short(folder, {**small, b"zlarge": bytes(200_000)}, {b"small/1": b"y", b"z": b"y"})


def file_too_large(folder: Path) -> dict[str, str]:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
    return short(folder, {b"a": b"1", b"large": bytes(400_000)}, {b"a": b"1", b"large": bytes(4000)})


def read_only(folder: Path) -> dict[str, str]:
    problem, _, detail = deliver(open_site(folder)(), {b"a": b"1"}).partition(": ")
    return {"problem": problem, "detail": detail}


def no_rights(folder: Path) -> dict[str, str]:
    if os.geteuid() == 0:
        for one in (folder, *folder.parents):
            one.chmod(one.stat().st_mode | 0o055) if one.owner() == "root" and one != Path("/") else None
        # Git may be on the PATH by way of a folder that is root's own
        os.environ["PATH"] += f"{os.pathsep}{Path(shutil.which('git') or '/').resolve().parent}"
        os.chown(folder, NOBODY, NOBODY)
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    site, live = open_site(folder), folder / "srv" / "site"
    files = {b"a": b"1", b"ours/x": b"1"}
    assert deliver(site(), files) == ""
    told = {}
    (live / "a").chmod(0)
    (live / "closed").mkdir(mode=0)
    looked = site().look()
    found = looked.deviations[0].found
    assert found is not None
    told["unreadable file"] = f"CHANGED with mode {found.traits}, {found.digest or 'not the content'}"
    told["unreadable directory"] = "unmanaged: " + b" ".join(looked.unmanaged).decode()
    (live / "a").chmod(0o644)
    (live / "ours").chmod(0)
    try:
        site().look()
    except Problem as problem:
        told["our unreadable directory"] = f"{type(problem).__name__}: {problem.detail}"
    (live / "ours").chmod(0o555)
    told["write"] = deliver(site(), {**files, b"ours/x": b"2"})
    (live / "ours").chmod(0o755)
    (live / "closed").chmod(0o755)
    return told


if __name__ == "__main__":
    act = {"no room": no_room, "file too large": file_too_large, "read only": read_only, "no rights": no_rights}
    sys.stdout.write(json.dumps(act[sys.argv[1]](Path(sys.argv[2]))))
