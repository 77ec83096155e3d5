"""Every system that may deliver in our place: one entry each, in the order in which they are shown."""

from __future__ import annotations

from collections.abc import Mapping

from app.domain.external.external_system import ExternalSystem
from app.domain.external.systems.json_form import JSON_FORM

SYSTEMS: Mapping[str, ExternalSystem] = {
    one.name: one
    for one in (
        JSON_FORM,
    )
}  # fmt: skip
