"""What the properties of environments that others deliver mean."""

from __future__ import annotations

from collections.abc import Mapping

EXTERNAL_TEXTS: Mapping[str, str] = {
    "runs_on": "Who works on the target: this server, an agent beside it, or another system.",
    "external": "The system that delivers in our place; left out where none does.",
    "system": "Which system that is, by its name in the address of its webhook.",
    "External.name": "What it calls the environment; empty: it tells of no other.",
}
