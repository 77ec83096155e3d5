"""Every system that may deliver in our place: one entry each, in the order in which they are shown."""

from __future__ import annotations

from collections.abc import Mapping

from app.domain.external.external_system import ExternalSystem
from app.domain.external.systems.argocd import ARGOCD
from app.domain.external.systems.cdevents import CDEVENTS
from app.domain.external.systems.flux import FLUX
from app.domain.external.systems.github_deployments import GITHUB
from app.domain.external.systems.gitlab_deployments import GITLAB
from app.domain.external.systems.json_form import JSON_FORM
from app.domain.external.systems.kamal import KAMAL

SYSTEMS: Mapping[str, ExternalSystem] = {
    one.name: one
    for one in (
        ARGOCD,
        FLUX,
        GITHUB,
        GITLAB,
        CDEVENTS,
        KAMAL,
        JSON_FORM,
    )
}  # fmt: skip


def title_of(system: str) -> str:
    """A system's name as people know it; one that this version does not know keeps its own."""
    return SYSTEMS[system].title if system in SYSTEMS else system
