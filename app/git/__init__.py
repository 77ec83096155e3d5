"""Git's plumbing as values: the clean environment, the safe options, and ways to run and await a command."""

from app.git.command import clean_environment, git, safe_options
from app.git.process import GitFailed, bound, close, finish, follow, heed, in_operation, kill, stoppable

__all__ = [
    "GitFailed",
    "bound",
    "clean_environment",
    "close",
    "finish",
    "follow",
    "git",
    "heed",
    "in_operation",
    "kill",
    "safe_options",
    "stoppable",
]
