"""Old addresses that still answer: how an answer says that there is a new one (RFC 9745)."""

from __future__ import annotations

SINCE = "@1795910400"  # 29 November 2026, in seconds since 1970


def deprecated_for(successor: str) -> dict[str, str]:
    """Headers of an answer from an old address. `successor`: the path of the new one."""
    return {"Deprecation": SINCE, "Link": f'<{successor}>; rel="successor-version"'}
