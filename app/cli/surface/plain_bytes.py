"""Standard streams that take every text: other encodings, closed ones, readers that went away."""

from __future__ import annotations

import codecs
import os
import sys

PLAIN = {"→": "->", "←": "<-", "…": "...", "–": "-", "—": "-", "−": "-", "·": "-", "“": '"', "”": '"', "’": "'"}
GONE = 141  # as of a process that SIGPIPE ended


def ready() -> None:
    """Make standard output and error such that no text fails on them."""
    codecs.register_error("pushpull", _replaced)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115  for the life of the process
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="pushpull")


def takes_all() -> bool:
    """Whether standard output has a byte for every character."""
    return codecs.lookup(sys.stdout.encoding or "ascii").name.startswith("utf")


def abandon() -> None:
    """Nobody reads standard output any more: what is left goes nowhere, so that the end of the process is quiet."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())


def _replaced(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    return "".join(PLAIN.get(c, c.encode("ascii", "backslashreplace").decode()) for c in text), error.end
