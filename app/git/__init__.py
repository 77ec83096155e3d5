"""Git's plumbing as values: the clean environment, the safe options, and ways to run and await a command."""

from app.git.command import clean_environment, git, safe_options
from app.git.process import GitFailed, close, finish, follow, kill

__all__ = ["GitFailed", "clean_environment", "close", "finish", "follow", "git", "kill", "safe_options"]
