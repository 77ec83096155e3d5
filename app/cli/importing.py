"""Imports without the garbage collector: what they make stays, and looking through it time and again costs a third of
a start. Measured by bench/start.py."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def kept() -> Iterator[None]:
    """What is made within is never looked at by the collector, neither now nor later."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
