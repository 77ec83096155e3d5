"""The end of a process whose threads may hang."""

from __future__ import annotations

import os
import threading

import structlog

log = structlog.get_logger("server")


def leave(code: int) -> None:
    """End the process, also where a thread hangs in a repository that does not answer: what it did is settled later."""
    hanging = [one.name for one in threading.enumerate() if not one.daemon and one is not threading.main_thread()]
    if hanging:
        log.info("left behind", threads=hanging)
        os._exit(code)
    raise SystemExit(code)
