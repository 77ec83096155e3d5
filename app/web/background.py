"""Work that starts with a request and ends after it."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from app.domain.errors import Problem

log = structlog.get_logger("background")


def in_background(what: str, call: Callable[[], object]) -> None:
    """Run a piece of work whose failure has nobody left to tell but the log; problems are in the ledger already."""
    try:
        call()
    except Problem as problem:
        log.info("did not succeed", what=what, problem=problem.code(), detail=problem.detail)
    except Exception:
        log.exception("failed", what=what)
