"""Heaps that the threads of a process share."""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress

M_ARENA_MAX, HEAPS = -8, 2  # of glibc's mallopt


def share_heaps() -> None:
    """Let threads share two heaps. By default glibc gives each one of its own, and what a thread freed there stays with
    it: 10 KB for each of 1,000 environments. Elsewhere (musl, macOS) there is no such setting."""
    if "MALLOC_ARENA_MAX" not in os.environ:
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).mallopt(M_ARENA_MAX, HEAPS)
