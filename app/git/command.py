"""One way to run git: an argv, never a shell; our own environment, never the machine's configuration or hooks."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

_KEPT = ("PATH", "HOME", "TMPDIR", "SSH_AUTH_SOCK", "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_EXEC_PATH")


class GitFailed(Exception):
    """Git ended with `code`; `stderr` may hold addresses and secrets: mask it before anybody sees it."""

    def __init__(self, code: int, stderr: str) -> None:
        self.code, self.stderr = code, stderr
        super().__init__(f"git ended with {code}")


def clean_environment(extra: Mapping[str, str] | None = None, *, protocols: str = "https:ssh:file") -> dict[str, str]:
    """Environment for every git process: no prompts, no system or user configuration, listed transports only."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    fixed = {
        "LC_ALL": "C.UTF-8",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": protocols,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
    }
    return {**kept, **fixed, **(extra or {})}


def safe_options() -> tuple[str, ...]:
    """Configuration given on every command line: no hooks, no file watcher, no paths in disguise."""
    return (
        "-c", f"core.hooksPath={os.devnull}",
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
    config: Sequence[str] = (),
    input: bytes | None = None,
    environment: Mapping[str, str] | None = None,
    timeout: float = 120.0,
) -> bytes:
    """Run one git command and return its standard output.

    `args` are ours: whatever a user wrote must have been checked, or stand behind `--end-of-options` or `--`.
    Raises GitFailed, also (code -1) when `timeout` seconds were not enough.
    """
    places = {"GIT_DIR": str(git_dir)}
    if work_tree is not None:
        places["GIT_WORK_TREE"] = str(work_tree)
    if index is not None:
        places["GIT_INDEX_FILE"] = str(index)
    settings = [part for setting in config for part in ("-c", setting)]
    argv = ["git", *safe_options(), *settings, *args]
    env = clean_environment({**places, **(environment or {})})
    try:
        done = subprocess.run(argv, input=input or b"", capture_output=True, env=env, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        raise GitFailed(-1, f"no answer within {timeout:g} s") from None
    if done.returncode:
        raise GitFailed(done.returncode, done.stderr.decode("utf-8", "replace"))
    return done.stdout
