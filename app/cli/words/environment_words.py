"""Parts of an environment in words, as `pushpull env show` tells them; each takes what REST answered."""

from __future__ import annotations

from typing import Any

from app.cli import output
from app.domain.environment import TargetSpec


def reached_with(credential: str | None) -> str:
    """The stored credential that something is reached with, behind its address; "" for none."""
    return f", with credential {credential}" if credential else ""


def target(one: dict[str, Any]) -> str:
    """The target's address, and the stored credentials that it is reached with; who delivers, where others do."""
    from app.targets.target_registry import CATALOGUE

    if others := one.get("external"):
        return f"delivered by {others['system']}{', which calls it ' + others['name'] if others['name'] else ''}"
    options = {key: value for key, value in one["target"].items() if key != "kind"}
    spec = TargetSpec(one["target"]["kind"], options)
    return CATALOGUE.address(spec) + "".join(reached_with(use.name) for use in CATALOGUE.credentials(spec))


def live(status: dict[str, Any]) -> str:
    """The live revision, and since when."""
    if not status["revision"]:
        return "nothing was delivered yet"
    return f"{output.short(status['revision'])} {status['subject']}, live {output.ago(status['live_since'])}"


def hold(found: dict[str, Any] | None) -> str:
    """Whose hold it is, why, and until when."""
    if not found:
        return "none"
    end = f"until {found['expires_at']}" if found.get("expires_at") else "until somebody resumes"
    return f"by {found['owner']}: {found['reason'] or 'no reason given'} ({output.ago(found['created_at'])}, {end})"


def heard(one: dict[str, Any]) -> str:
    """The agent, or the other system, and when it was heard of last."""
    if one["runs_on"] == "external":
        return f"{one['external']['system']}, told {output.ago(one['status']['heard_at'])}"
    if one["runs_on"] != "agent":
        return "-"
    return f"{one['agent']}, heard {output.ago(one['status']['heard_at'])}" if one["agent"] else "none is enrolled"
