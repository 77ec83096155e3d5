"""One way to run git: an argv, never a shell; our own environment, never the machine's configuration or hooks."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from app.git.process import bound, finish
from app.processes import mark

_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
SMALL_MEMORY = 512 << 20  # bytes: a list of a million refs, or an index of a million files, takes less
_KEPT = (
    *("PATH", "HOME", "TMPDIR", "SSH_AUTH_SOCK", "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_EXEC_PATH"),
    *_PROXIES,
    *(name.upper() for name in _PROXIES),
)


def clean_environment(extra: Mapping[str, str] | None = None, *, protocols: str = "https:ssh:file") -> dict[str, str]:
    """Environment for every git process: no prompts, no system or user configuration, listed transports only."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    fixed = {
        "LC_ALL": "C.UTF-8",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",
        "SSH_ASKPASS": "",  # git asks it where no other helper is set
        "GIT_ALLOW_PROTOCOL": protocols,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_NO_LAZY_FETCH": "1",
    }
    return {**kept, **fixed, **mark(), **(extra or {})}


def safe_options() -> tuple[str, ...]:
    """Configuration given on every command line: no hooks, no file watcher, no paths in disguise."""
    return (
        "-c", f"core.hooksPath={os.devnull}",
        "-c", f"core.attributesFile={os.devnull}",
        "-c", f"core.excludesFile={os.devnull}",
        "-c", "core.fsmonitor=false",
        "-c", "core.quotePath=false",
        "-c", "gc.auto=0",
        "-c", "safe.directory=*",
    )  # fmt: skip


def git(
    *args: str | bytes,
    git_dir: Path,
    work_tree: Path | None = None,
    index: Path | None = None,
    input: bytes | None = None,
    environment: Mapping[str, str] | None = None,
    timeout: float = 120.0,
    complaints: list[str] | None = None,
) -> bytes:
    """Run one git command and return its standard output. What it says beside it, if anything, joins `complaints`.

    `args` are ours: whatever a user wrote must have been checked, or stand behind `--end-of-options` or `--`.
    Raises GitFailed, also (code -1) when `timeout` seconds were not enough, or its memory.
    """
    places = {"GIT_DIR": str(git_dir)}
    if work_tree is not None:
        places["GIT_WORK_TREE"] = str(work_tree)
    if index is not None:
        places["GIT_INDEX_FILE"] = str(index)
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        ["git", *safe_options(), *args],
        stdin=subprocess.DEVNULL if input is None else pipe,
        stdout=pipe,
        stderr=pipe,
        env=clean_environment({**places, **(environment or {})}),
        start_new_session=True,
    )
    bound(process, SMALL_MEMORY)
    out, said = finish(process, input, timeout)
    if said and complaints is not None:
        complaints.append(said)
    return out
