"""Git's plumbing as values: the clean environment, the safe options, and one way to run a command."""

from app.git.command import GitFailed, clean_environment, git, safe_options

__all__ = ["GitFailed", "clean_environment", "git", "safe_options"]
