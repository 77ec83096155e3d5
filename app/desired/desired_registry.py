"""Desired states by what the target takes. Adding a way of rendering: a module, a line in RENDERERS, a parameter of the
contract suite in tests/desired/."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from app.desired.documents import DocumentRenderer
from app.desired.files import FileRenderer
from app.desired.renderer import Renderer
from app.domain.environment import Environment
from app.domain.errors import TargetRefused
from app.domain.specification.target_kind import Takes
from app.ports import DesiredState, Edits, Source, Sources, Targets

RENDERERS: Mapping[Takes, Renderer] = {
    Takes.FILES: FileRenderer(),
    Takes.OBJECTS: DocumentRenderer(),
}
KEPT = 64  # repositories


class DesiredStateRegistry:
    """Implements the port DesiredStates: what an environment's kind of target takes names the renderer."""

    def __init__(self, sources: Sources, targets: Targets, renderers: Mapping[Takes, Renderer] = RENDERERS) -> None:
        self._targets, self._renderers = targets, renderers
        # Mirrors are only read here: whoever fetches opens the repository anew, and with it checks its address.
        self._open = lru_cache(maxsize=KEPT)(sources.open)

    def id_at(self, environment: Environment, revision: str) -> str:
        return self._renderer(environment).id_at(self._source(environment), environment.source, revision)

    def at(self, environment: Environment, revision: str, id: str | None = None) -> DesiredState:
        return self._renderer(environment).at(self._source(environment), environment.source, revision, id)

    def revert(self, environment: Environment, onto: str, to: str) -> Edits:
        return self._renderer(environment).revert(self._source(environment), environment.source, onto, to)

    def _source(self, environment: Environment) -> Source:
        return self._open(environment.source.repo_url, environment.source.credential)

    def _renderer(self, environment: Environment) -> Renderer:
        kind = self._targets.kinds().get(environment.target.kind)
        takes = kind.takes if kind else Takes.FILES  # a kind that is unknown here is refused where the target is opened
        if takes not in self._renderers:
            raise TargetRefused(f"The target takes {takes.value}, and nothing here makes them from Git.")
        return self._renderers[takes]
