"""Where sockets may lie: their addresses hold about a hundred bytes, and TMPDIR may be as long by itself."""

from __future__ import annotations

import os
import tempfile

ROOM = 50  # bytes


def short_place() -> str:
    """The folder for temporary files, or /tmp where its name leaves no room for a socket's."""
    usual = tempfile.gettempdir()
    return usual if len(os.fsencode(usual)) <= ROOM else "/tmp"
