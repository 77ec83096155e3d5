"""Imports for the life of a process. Measured by bench/start.py.

Without the garbage collector: what they make stays, and looking through it time and again costs a third of a start.
Without Rich: structlog would load it for coloured tracebacks, which we never show, and it takes 7 MB.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def kept() -> Iterator[None]:
    """What is made within is never looked at by the collector, neither now nor later."""
    gc.disable()
    loaded = sys.modules.get("rich")
    sys.modules["rich"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules["rich"]
        if loaded:
            sys.modules["rich"] = loaded
        gc.freeze()
        gc.enable()
