"""Waiting for the signals that ask a process to end."""

from __future__ import annotations

import os
import signal


class EndSignals:
    """Hears SIGTERM and SIGINT from when it is made.

    A handler runs in the main thread between any two of its steps, perhaps while that thread holds the lock of the very
    event that it waits for: then setting the event would wait for ever. A pipe takes no lock.
    """

    def __init__(self) -> None:
        self._heard, self._told = os.pipe()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: os.write(self._told, b"."))

    def wait(self) -> None:
        """Return once a signal has come, now or earlier."""
        os.read(self._heard, 1)
