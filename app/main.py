"""Composition root of the server: settings → adapters → use cases → web, workers, ticks."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi import FastAPI

from app.config import Settings
from app.live import Bus
from app.scheduler import Scheduler
from app.services.usecases import UseCases, use_cases
from app.services.world import World
from app.worker import Workers

GRACE_S = 4.0  # a stop takes at most five seconds


class SystemClock:
    """The machine's clocks."""

    def now(self) -> datetime:
        """Wall time, UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Block this thread."""
        time.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Installation:
    """Everything that one process runs."""

    settings: Settings
    cases: UseCases
    bus: Bus
    workers: Workers
    scheduler: Scheduler | None


def private_folder(settings: Settings) -> None:
    """Make the data directory, readable by its owner only."""
    os.umask(0o077)
    settings.folder().mkdir(mode=0o700, parents=True, exist_ok=True)
