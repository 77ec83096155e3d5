"""Logs: lines for people or JSON for machines, on standard error, with everything that looks like a secret masked."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

MASK = "[masked]"
SECRET_NAME = re.compile(r"secret|passw|token|authori[sz]ation|cookie|private_key|kubeconfig|credential_value", re.I)
SECRET_TEXT = (
    re.compile(r"(?P<keep>[a-z][a-z0-9+.-]{0,30}://[^\s/:@]{0,200}:)[^\s/@]+(?=@)", re.I),  # a password in an address
    re.compile(r"(?P<keep>\b(?:bearer|basic|token)\s+)[A-Za-z0-9._~+/=-]{8,}", re.I),
    re.compile(r"(?P<keep>\b(?:password|passwd|secret|token|api_?key)(?:\s*=\s*|:\s+))[^\s,;&\"']+", re.I),
    re.compile(
        r"(?P<keep>)-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\Z)", re.S
    ),
    re.compile(r"(?P<keep>\bpp_)[A-Za-z0-9_-]{8,}"),
)
PLAIN = frozenset({"token_id", "tokens"})


def redact(value: Any, name: str = "") -> Any:
    """A value as it may be logged: secrets by their field's name, and by their look in any text."""
    if SECRET_NAME.search(name) and name not in PLAIN and isinstance(value, str | bytes):
        return MASK
    if isinstance(value, str):
        for pattern in SECRET_TEXT:
            value = pattern.sub(rf"\g<keep>{MASK}", value)
        return value
    if isinstance(value, Mapping):
        return {key: redact(one, str(key)) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [redact(one, name) for one in value]
    return value


def one_line(text: str) -> str:
    """The text with every character that could begin a line or steer a terminal written out."""
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


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
