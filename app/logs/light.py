"""An agent's logs: the server's lines, by the standard library alone."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

from app.logs.redaction import one_line, redact

STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
QUIET = ("apscheduler", "alembic", "git", "httpx", "httpcore")


class Lines(logging.Formatter):
    """Text for people, JSON for machines."""

    def __init__(self, style: str) -> None:
        super().__init__()
        self._shape = style

    def format(self, record: logging.LogRecord) -> str:
        """One record as one line, with its traceback behind it."""
        fields = {name: redact(value, name) for name, value in vars(record).items() if name not in STANDARD}
        head = {
            "event": redact(record.getMessage()),
            "level": record.levelname.lower(),
            "logger": record.name,
            "timestamp": f"{datetime.fromtimestamp(record.created, UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
        }
        trace = redact(self.formatException(record.exc_info)) if record.exc_info else ""
        return _json(head, fields, trace) if self._shape == "json" else _text(head, fields, trace)


def _json(head: dict[str, Any], fields: dict[str, Any], trace: str) -> str:
    return json.dumps({**fields, **head, **({"exception": trace} if trace else {})}, default=str)


def _text(head: dict[str, Any], fields: dict[str, Any], trace: str) -> str:
    pairs = " ".join(f"{name}={value}" for name, value in sorted(fields.items()))
    line = one_line(f"{head['timestamp']} [{head['level']:<9}] {head['event']} [{head['logger']}] {pairs}".rstrip())
    return f"{line}\n{trace}" if trace else line


def configure(style: str = "text", level: str = "info") -> None:
    """Send the whole process's logs through one formatter."""
    handler = logging.StreamHandler()
    handler.setFormatter(Lines(style))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.ERROR, root.level))
