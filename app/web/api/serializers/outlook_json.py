"""What an environment's ledger lets one conclude, as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from app.comparison.outlook.advice import Advice
from app.comparison.outlook.advice_rules import AdviceReason
from app.comparison.outlook.trade_offs import MeasuredSide
from app.comparison.outlook.what_if import WhatIf
from app.domain.audit import timestamp
from app.web.rendering import links


def what_if_json(found: WhatIf) -> dict[str, Any]:
    """Names as in the value; times RFC 3339."""
    return {**asdict(found), "since": timestamp(found.since), "until": timestamp(found.until)}


def advice_json(found: Advice) -> dict[str, Any]:
    """The advice; what was measured names the address of its evidence, null where nothing was."""
    span = {"since": timestamp(found.since), "until": timestamp(found.until)}

    def side(one: MeasuredSide) -> dict[str, Any]:
        return {**asdict(one), "evidence": _evidence(one.measure, one.mode, one.place, found) if one.n else None}

    return {
        "environment": found.environment,
        "mode": found.mode,
        **span,
        "choice": found.choice.value if found.choice else None,
        "sentence": found.sentence,
        "reasons": [_reason(one, found) for one in found.reasons],
        "criteria": [
            {"key": one.key, "title": one.title, "push": side(one.push), "pull": side(one.pull), "verdict": one.verdict}
            for one in found.criteria
        ],
        "trade_offs": [
            {"key": one.claim.key, "mode": one.claim.mode, "side": one.claim.side, "title": one.claim.title,
             "measured": side(one.found), "verdict": one.verdict}
            for one in found.trade_offs
        ],
    }  # fmt: skip


def _reason(one: AdviceReason, found: Advice) -> dict[str, Any]:
    evidence = _evidence(one.measure, found.mode, one.place, found) if one.measure else None
    return {"rule": one.rule, "speaks_for": one.speaks_for, "text": one.text, "evidence": evidence}


def _evidence(measure: str, mode: str, place: str, found: Advice) -> str:
    return links.with_query(f"/api/v1/comparison/evidence/{measure}/{mode}", found.asked(place))
