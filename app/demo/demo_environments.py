"""The demo's environments: two of the same making, one of each mode, and one that stays in drift."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.laboratory.bundled_repository import SETTLED
from app.targets.target_registry import CATALOGUE

PULL, PUSH, DRIFTED = "bakery-pull", "bakery-push", "bakery-drifted"
MODES: Mapping[str, str] = {PUSH: "push", PULL: "pull"}
POLL_S, REFRESH_S = 30, 60


def specification(name: str, repository: Path, targets: Path) -> dict[str, Any]:
    """An environment as it is registered. Both modes are set up alike; the third follows a tag that never moves."""
    return {
        "name": name,
        "mode": MODES.get(name, "push"),
        "source": {"repo_url": str(repository), "ref": SETTLED if name == DRIFTED else "main", "path": "deploy"},
        "target": CATALOGUE.located(str(targets / name)),
        "policy": {
            "interval_s": POLL_S,
            "refresh_interval_s": REFRESH_S,
            "self_heal": False,
            "health_check": {"kind": "command", "command": ["grep", "-q", "</html>", "site/index.html"]},
        },
        "labels": {"service": "bakery", "tier": "lesson" if name == DRIFTED else "demo"},
    }
