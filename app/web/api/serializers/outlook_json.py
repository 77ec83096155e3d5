"""What an environment's ledger lets one conclude, as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from app.comparison.outlook.what_if import WhatIf
from app.domain.audit import timestamp


def what_if_json(found: WhatIf) -> dict[str, Any]:
    """Names as in the value; times RFC 3339."""
    return {**asdict(found), "since": timestamp(found.since), "until": timestamp(found.until)}
