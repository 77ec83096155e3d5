"""An agent's settings: a few of the server's variables, read without the library that the server reads its own with."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

TARGETS = ("/srv", "/var/www")  # where a Linux host serves data from; anything else is the administrator's word
SOURCES = ("/srv",)
NO = ("0", "false", "no", "off")


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """One agent."""

    folder: Path
    sources: tuple[Path, ...]
    targets: tuple[Path, ...]
    commands: bool = True
    workers: int = 2
    log_format: str = "text"
    log_level: str = "info"

    @property
    def database(self) -> Path:
        """Its own store."""
        return self.folder / "pushpull.db"


def read(data_dir: Path, given: Mapping[str, str] = os.environ) -> AgentSettings:
    """Settings out of the environment, for an agent in a directory."""
    folder = data_dir.expanduser().resolve()
    return AgentSettings(
        folder,
        _folders(given.get("PUSHPULL_SOURCE_ROOTS", "")) or (*map(Path, SOURCES), folder),
        _folders(given.get("PUSHPULL_TARGET_ROOTS", "")) or (*map(Path, TARGETS), folder),
        given.get("PUSHPULL_COMMANDS", "true").lower() not in NO,
        max(1, min(16, int(given.get("PUSHPULL_WORKERS") or 2))),
        given.get("PUSHPULL_LOG_FORMAT") or "text",
        given.get("PUSHPULL_LOG_LEVEL") or "info",
    )


def _folders(text: str) -> tuple[Path, ...]:
    return tuple(Path(part).expanduser().resolve() for part in text.split(":") if part)
