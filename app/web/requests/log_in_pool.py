"""Threads of their own for log-ins: a storm of them waits for itself, and what waits is bounded for each sender."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from app.domain.errors import TooManyAttempts

THREADS = 4
PER_SENDER, IN_ALL = 8, 64
PAUSE_S = 5
Result = TypeVar("Result")


class LogInPool:
    """Runs log-ins."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, "log-in")
        self._waiting: Counter[str] = Counter()

    async def run(self, sender: str, work: Callable[[], Result]) -> Result:
        """Do it when a thread is free. `sender` is whose turn it is: an address or a known device. Raises
        TooManyAttempts where too much waits already; nothing is counted then."""
        if self._waiting[sender] >= PER_SENDER or self._waiting.total() >= IN_ALL:
            text = f"Many log-ins are being checked; try again in {PAUSE_S} seconds."
            raise TooManyAttempts(text, retry_after_s=PAUSE_S)
        self._waiting[sender] += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting[sender] -= 1
            if not self._waiting[sender]:
                del self._waiting[sender]
