"""The server's logs: structlog, for its own lines and the libraries'."""

from __future__ import annotations

import logging
import sys

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

from app.logs.redaction import one_line, redact


def _flat(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """What others wrote (a commit's subject, an answer of a server) cannot forge a line. Tracebacks keep theirs."""
    event["event"] = one_line(str(event.get("event", "")))
    return event


def _redacted(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {key: redact(value, key) for key, value in event.items()}


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="%Y-%m-%dT%H:%M:%S.%fZ", utc=True),
    ]


def _renderers(style: str, colours: bool) -> list[Processor]:
    """The last steps: tracebacks never show local variables, which may hold secrets."""
    plain = structlog.processors.format_exc_info
    if style == "json":
        return [plain, _redacted, structlog.processors.JSONRenderer()]
    trace = structlog.dev.plain_traceback
    return [
        plain,
        _redacted,
        _flat,
        structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=trace, pad_event_to=0),
    ]


def configure(style: str = "text", level: str = "info") -> None:
    """Send the whole process's logs, the libraries' included, through one formatter. `style`: "text" or "json"."""
    shared = _shared()
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    strip = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    last = [strip, *_renderers(style, sys.stderr.isatty())]
    handler = logging.StreamHandler()
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=last))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in ("apscheduler", "alembic", "httpx", "httpcore", "git", "uvicorn"):
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    logging.getLogger("uvicorn.access").disabled = True
