"""What is told of an exception that nobody foresaw: never its own text, which may hold anything."""

from __future__ import annotations

from app.domain.errors import Problem

LOGGED = "the server's log has the details"


def told(error: Exception) -> str:
    """Why something could not be done, in words for people."""
    if isinstance(error, Problem):
        return error.detail
    if isinstance(error, OSError) and error.strerror:
        return f"This machine did not allow it ({error.strerror.lower()}); {LOGGED}."
    return f"An internal error; {LOGGED}."
